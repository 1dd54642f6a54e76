"""The sentences of messages in English, Chinese, German and Spanish.

What a patient may read is short and plain: its English is kept at a sixth-grade level by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from calendars.words import LANGUAGES
from schedules.errors import UnknownName


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Sentences by what a message is about; ``{when}`` and ``{before}`` are the new and the old time, ``{end}`` a day.

    The first group tells nothing of a study and nothing of a patient (level ``private``); the second is for staff. The
    titles of the third are those of e-mails, neutral again; a title for staff has a word of ``kinds``. ``at`` joins a
    day and a time.
    """

    at: str
    appointment: str
    unheard: str
    has_moved: str
    is_cancelled: str
    part_ends: str
    to_check: str

    before: str
    opens: str
    closes: str
    overdue: str
    moved: str
    cancelled: str
    period: str
    expires: str
    gate: str
    conflict: str
    expected: str
    stopped: str
    activities: str

    title: str
    title_unheard: str
    title_moved: str
    title_cancelled: str
    title_part_ends: str
    title_to_check: str
    title_several: str

    greeting: str
    several: str
    questions: str
    stop_by_mail: str
    stop_by_asking: str
    test: str
    test_title: str
    kinds: Mapping[str, str]
    comma: str = ", "
    bullet: str = "- "


KINDS = (
    *("opens", "closes", "overdue", "moved", "cancelled"),
    *("period", "expires", "gate", "conflict", "expected", "stopped"),
)


def _kinds(*lines: str) -> dict[str, str]:
    """The words for KINDS, in their order, with commas between them."""
    return dict(zip(KINDS, ", ".join(lines).split(", "), strict=True))


_PHRASES = {
    "en": Phrases(
        at="{day} at {time}",
        appointment="You have an appointment on {when}.",
        unheard="Please call your care team about your appointment on {when}.",
        has_moved="Your appointment has moved. It was on {before}. It is now on {when}.",
        is_cancelled="Your appointment on {when} is cancelled.",
        part_ends="A part of your care plan ends on {when}. Your care team can tell you what comes next.",
        to_check="There is something to check for {when}. Please look at your list.",
        before="{subject}: {label} on {when}.",
        opens="{subject}: {label}, planned for {when}. Its window is open, to {end}.",
        closes="{subject}: {label}, planned for {when}. Its window closes on {end}.",
        overdue="{subject}: {label} was due by {end}. Nothing is recorded.",
        moved="{subject}: {label} has moved from {before} to {when}.",
        cancelled="{subject}: {label} on {when} is cancelled.",
        period="{subject}: {label} ends on {when}.",
        expires="{subject}: {label}, planned for {when}, can be done up to {end} only ({detail}).",
        gate="{subject}: {label} is on {when}. Still open: {detail}.",
        conflict="{subject}: {label}, planned for {when}, does not fit the rules. {detail}",
        expected="{subject}: {label} is expected by {when}.",
        stopped="{subject} is followed no longer: {label}, {when}. No more visits are planned.",
        activities="To do: {activities}.",
        title="Your appointment on {day}",
        title_unheard="Please call about your appointment on {day}",
        title_moved="Your appointment has moved to {day}",
        title_cancelled="Your appointment on {day} is cancelled",
        title_part_ends="Your care plan: {day}",
        title_to_check="Something to check for {day}",
        title_several="You have {count} messages",
        greeting="Hello,",
        several="You have {count} messages:",
        questions="Questions: {line}",
        stop_by_mail="To get no more of these messages, write to {address}.",
        stop_by_asking="To get no more of these messages, please tell us.",
        test="This is a test. You do not need to do anything.",
        test_title="Test message",
        kinds=_kinds(
            "window open, window closes, overdue, moved, cancelled",
            "ends, expires, still open, conflict, expected, followed no longer",
        ),
    ),
    "zh": Phrases(
        at="{day} {time}",
        appointment="您的预约时间是{when}。",
        unheard="请就{when}的预约联系您的医护团队。",
        has_moved="您的预约时间已更改。原定时间:{before}。现定时间:{when}。",
        is_cancelled="您{when}的预约已取消。",
        part_ends="您的治疗安排中有一项将于{when}结束。接下来的安排请询问您的医护团队。",
        to_check="{when}有一项需要核对的内容。请查看您的工作列表。",
        before="{subject}:{label},{when}。",
        opens="{subject}:{label},计划于{when}。时间窗已开始,至{end}。",
        closes="{subject}:{label},计划于{when}。时间窗于{end}结束。",
        overdue="{subject}:{label}应于{end}前完成,尚无记录。",
        moved="{subject}:{label}由{before}改至{when}。",
        cancelled="{subject}:{label}({when})已取消。",
        period="{subject}:{label}于{when}结束。",
        expires="{subject}:{label},计划于{when},最迟须在{end}完成({detail})。",
        gate="{subject}:{label}定于{when}。尚未满足:{detail}。",
        conflict="{subject}:{label},计划于{when},不符合规定。{detail}",
        expected="{subject}:{label}预计不迟于{when}。",
        stopped="{subject}已不再随访:{label},{when}。后续访视不再安排。",
        activities="项目:{activities}。",
        title="您的预约:{day}",
        title_unheard="请就{day}的预约与我们联系",
        title_moved="您的预约已改至{day}",
        title_cancelled="您{day}的预约已取消",
        title_part_ends="您的治疗安排:{day}",
        title_to_check="待核对:{day}",
        title_several="您有{count}条消息",
        greeting="您好:",
        several="您有{count}条消息:",
        questions="如有疑问:{line}",
        stop_by_mail="如不想再收到此类消息,请写信至 {address}。",
        stop_by_asking="如不想再收到此类消息,请告诉我们。",
        test="这是一条测试消息,您无需做任何事。",
        test_title="测试消息",
        kinds=_kinds(
            "时间窗已开始, 时间窗将结束, 逾期, 已改期, 已取消",
            "结束, 即将失效, 条件未满足, 冲突, 预计, 不再随访",
        ),
        comma="、",
    ),
    "de": Phrases(
        at="{day} um {time} Uhr",
        appointment="Sie haben einen Termin am {when}.",
        unheard="Bitte melden Sie sich wegen Ihres Termins am {when} bei Ihrem Behandlungsteam.",
        has_moved="Ihr Termin wurde verlegt. Er war am {before}. Er ist jetzt am {when}.",
        is_cancelled="Ihr Termin am {when} ist abgesagt.",
        part_ends="Ein Teil Ihres Behandlungsplans endet am {when}. Ihr Behandlungsteam sagt Ihnen, wie es weitergeht.",
        to_check="Für {when} ist etwas zu prüfen. Bitte sehen Sie in Ihrer Liste nach.",
        before="{subject}: {label} am {when}.",
        opens="{subject}: {label}, geplant am {when}. Das Terminfenster ist offen, bis {end}.",
        closes="{subject}: {label}, geplant am {when}. Das Terminfenster endet am {end}.",
        overdue="{subject}: {label} war bis {end} fällig. Es ist nichts eingetragen.",
        moved="{subject}: {label} wurde verlegt, von {before} auf {when}.",
        cancelled="{subject}: {label} am {when} ist abgesagt.",
        period="{subject}: {label} endet am {when}.",
        expires="{subject}: {label}, geplant am {when}, ist nur bis {end} möglich ({detail}).",
        gate="{subject}: {label} ist am {when}. Noch offen: {detail}.",
        conflict="{subject}: {label}, geplant am {when}, passt nicht zu den Regeln. {detail}",
        expected="{subject}: {label} wird bis {when} erwartet.",
        stopped="{subject} wird nicht mehr weiter begleitet: {label}, {when}. Es sind keine Termine mehr geplant.",
        activities="Vorgesehen: {activities}.",
        title="Ihr Termin am {day}",
        title_unheard="Bitte melden Sie sich wegen Ihres Termins am {day}",
        title_moved="Ihr Termin wurde verlegt auf {day}",
        title_cancelled="Ihr Termin am {day} ist abgesagt",
        title_part_ends="Ihr Behandlungsplan: {day}",
        title_to_check="Zu prüfen für {day}",
        title_several="Sie haben {count} Nachrichten",
        greeting="Guten Tag,",
        several="Sie haben {count} Nachrichten:",
        questions="Fragen: {line}",
        stop_by_mail="Wenn Sie diese Nachrichten nicht mehr möchten, schreiben Sie an {address}.",
        stop_by_asking="Wenn Sie diese Nachrichten nicht mehr möchten, sagen Sie es uns bitte.",
        test="Dies ist ein Test. Sie müssen nichts tun.",
        test_title="Testnachricht",
        kinds=_kinds(
            "Terminfenster offen, Terminfenster endet, überfällig, verlegt, abgesagt",
            "endet, läuft ab, noch offen, Konflikt, erwartet, nicht mehr begleitet",
        ),
    ),
    "es": Phrases(
        at="{day} a las {time}",
        appointment="Tiene una cita el {when}.",
        unheard="Llame a su equipo médico sobre su cita del {when}.",
        has_moved="Su cita ha cambiado. Era el {before}. Ahora es el {when}.",
        is_cancelled="Su cita del {when} se ha cancelado.",
        part_ends="Una parte de su plan de tratamiento termina el {when}. Su equipo médico le dirá cómo sigue.",
        to_check="Hay algo que revisar para el {when}. Por favor, mire su lista.",
        before="{subject}: {label} el {when}.",
        opens="{subject}: {label}, prevista para el {when}. Su ventana está abierta, hasta el {end}.",
        closes="{subject}: {label}, prevista para el {when}. Su ventana se cierra el {end}.",
        overdue="{subject}: {label} debía hacerse hasta el {end}. No hay nada registrado.",
        moved="{subject}: {label} pasa del {before} al {when}.",
        cancelled="{subject}: {label} del {when} se ha cancelado.",
        period="{subject}: {label} termina el {when}.",
        expires="{subject}: {label}, prevista para el {when}, solo es posible hasta el {end} ({detail}).",
        gate="{subject}: {label} es el {when}. Aún pendiente: {detail}.",
        conflict="{subject}: {label}, prevista para el {when}, no cumple las reglas. {detail}",
        expected="{subject}: {label} se espera hasta el {when}.",
        stopped="{subject} ya no está en seguimiento: {label}, {when}. No hay más citas previstas.",
        activities="Previsto: {activities}.",
        title="Su cita del {day}",
        title_unheard="Por favor, llame por su cita del {day}",
        title_moved="Su cita pasa al {day}",
        title_cancelled="Su cita del {day} se ha cancelado",
        title_part_ends="Su plan de tratamiento: {day}",
        title_to_check="Algo que revisar para el {day}",
        title_several="Tiene {count} mensajes",
        greeting="Hola:",
        several="Tiene {count} mensajes:",
        questions="Preguntas: {line}",
        stop_by_mail="Si no desea más mensajes como este, escriba a {address}.",
        stop_by_asking="Si no desea más mensajes como este, díganoslo.",
        test="Esto es una prueba. No tiene que hacer nada.",
        test_title="Mensaje de prueba",
        kinds=_kinds(
            "ventana abierta, ventana se cierra, atrasada, cambiada, cancelada",
            "termina, caduca, pendiente, conflicto, se espera, sin seguimiento",
        ),
    ),
}


def phrases(language: str) -> Phrases:
    """The sentences of a language. Raises UnknownName for one that is not among LANGUAGES."""
    if language not in _PHRASES:
        raise UnknownName("language", language, LANGUAGES)
    return _PHRASES[language]
