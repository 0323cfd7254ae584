access-title = Кто и что увидит
access-legend = + уходит   ~ уходит частично   . остаётся здесь
access-verdict-allowed = уходит
access-verdict-minimised = частично
access-verdict-refused = остаётся
access-refused = Организации «{ $org }» ничего не уходит: { $why } В очередь ничего не поставлено.
access-no-agreement = соглашения нет: действуют только общие правила
access-by-agreement = по соглашению { $ids }
access-not-to-be-told = Этим людям сообщать нельзя: { $people }
access-nothing-goes = Этой организации ничего не уходит.
access-missing = Обязательные для этого вида поля, которых организация не получит: { $fields }. Спросите согласие или отправьте другой организации.
access-files-kept-back = Файлы этих разделов остаются здесь: { $sections }
access-ask = Отправить так? [д/Н]
access-not-sent = Ничего не отправлено.

along-title = Если никто не ответит, обращение уйдёт дальше
along-nobody = «{ $name }» из списка запасных организаций не участник сети, или так называются несколько: само туда ничего не уйдёт.
along-refused = В списке запасных стоит «{ $org }», а туда ничего отправлять нельзя: { $why } В очередь ничего не поставлено.
along-refused-hint = Уберите эту организацию из списка fallback и отправьте снова.

record-other-number = В заголовке указано другое согласие (consent_ref), чем в самой записи согласия. В очередь ничего не поставлено.
record-other-number-hint = Не указывайте consent_ref: номер берётся из записи. Если согласие отозвано, спросите её снова.
record-withheld-from-nobody = Она скрывает сведения от «{ $orgs }», но такой организации в справочнике нет: скрыто не будет ни от кого. Проверьте написание.
record-withheld-hint = Названия показывает `causeway org list`. Если так и задумано, отправьте с --yes.

access-default = нужно для её работы.
access-consent = в согласии названы эта организация и этот раздел.
access-vital = прямая угроза жизни: уходит без согласия, решение будет проверено в течение 72 часов.
access-override = по решению двух сотрудников, без согласия.
access-ordered = этого требует суд или закон.
access-location-expires = только для вмешательства; через { $hours } ч больше не показывается.
access-contact = без сведений о том, как с ней связаться.
access-never = организациям этого типа не передаётся никогда.
access-only-evidence = передаётся ей только при передаче доказательств.
access-not-named = согласие эту организацию не называет.
access-no-consent = только с согласием, где названы эта организация и этот раздел.
access-no-consent-vital = только с согласием, где названы эта организация и этот раздел, или по решению двух сотрудников (--override).
access-vital-only = только при угрозе жизни или для защиты ребёнка (--override).
access-withheld = она не хочет, чтобы это было у этой организации.
access-withheld-all = она не хочет, чтобы эта организация что-либо получила.
access-agreement-section = не входит в то, о чём договорились с этой организацией.
access-agreement-kind = ни одно действующее соглашение с ней не охватывает { $kind }.
access-location-other = это адрес другой организации.
access-note-guest = имя, которым она пользуется, возрастная группа, пол и языки; без паспортных данных.
access-note-suspicion = что она может быть жертвой, чего именно и какие есть опасности; без рассказа.
access-note-urgent = только то, что не ждёт врача.
access-note-guard = только то, что нужно для охраны дома: лицо, машина.
access-note-silence = только кому нельзя сообщать.
access-note-least = только самое необходимое при встрече.

access-consent-withdrawn = согласие отозвано. Если есть угроза жизни, отправьте без этой записи о согласии, на основании vital.
access-consent-expired = срок согласия истёк. Спросите её снова.
access-consent-undated = в согласии не указано, когда оно дано, или указано будущее время.
access-consent-child = ребёнок (или тот, кто может им быть) не решает это один: согласие должен дать законный представитель.
access-consent-giver = согласие дал тот, кто не может его дать.

access-hard-asylum = она ищет защиты, и её государство ({ $country }) не должно узнать об этом от нас.
access-hard-journey = города и время поездки передаются, точные адреса и названия приютов — нет: место пребывания никогда не стоит рядом с личностью.
access-hard-location = место, где она находится, не передаётся вместе с её именем тому, кому не нужно туда ехать.
access-hard-relay = организация этого типа в помощи людям не участвует.
access-hard-onward = получено от «{ $org }» с пометкой H1 или H2: попросите там разрешение (causeway consent approve).
access-hard-informant = без сведений о том, кто звонил или обратился: этот человек не согласился, чтобы его назвали полиции.

access-hint-asylum = Отправьте другой организации и поговорите с её адвокатом. Ни согласие, ни решение сотрудников этого не меняют.
access-hint-role = Отправьте организации, которая работает с людьми.
access-hint-child = Пусть решит законный представитель, или отправьте на основании child_protection с --override child_protection.
access-hint-agreement = См. `causeway agreement list`. Договоритесь о большем или отправьте другой организации.
access-hint-withheld = Уважайте её волю или поговорите с ней. Решение сотрудников этого не меняет.
access-hint-consent = Спросите её снова и внесите новое согласие. `causeway send … --preview` покажет, что уйдёт.

access-override-nobody = Нужен номер сотрудника, который принимает решение (--decided-by), не длиннее 40 знаков.
access-override-text = Нужно обоснование словами (--override-text), не длиннее 2000 знаков.
access-override-alone = Решают двое, кроме случаев, когда счёт идёт на минуты (P0): назовите второго через --second-person.
access-override-same = Второй сотрудник — тот же, что и первый.
access-override-unlisted = Одного из двоих нет в списке сотрудников (causeway staff list).
access-override-review = Решение должно быть проверено в течение 72 часов, и не раньше, чем сейчас.
access-override-no-child = В этом обращении нет ребёнка и никого, кто может им быть.
access-override-typed = Решение обойтись без согласия не берётся из файла.
access-override-hint = Например: --override vital_interest --override-text "…" --decided-by 12 --second-person 7 --review-by PT48H

access-section-hdr = заголовок
access-section-idn = личность
access-section-pho = фотографии, приметы
access-section-doc = документы
access-section-con = как с ней связаться
access-section-loc = где она сейчас
access-section-tra = поездка
access-section-exp = что с ней произошло
access-section-med = здоровье
access-section-leg = статус, дела
access-section-sus = подозреваемые
access-section-evi = доказательства
access-section-fam = семья, кто обратился
access-section-rsk = риски
access-section-cns = согласие
access-section-ops = задачи, дежурный
access-section-sta = данные без личности

override-reason-vital-interest = угроза жизни
override-reason-child-protection = защита ребёнка
override-reason-court-order = решение суда
override-reason-legal-obligation = требование закона

shared-override = ОТПРАВЛЕНО БЕЗ СОГЛАСИЯ: { $reason }. «{ $text }» Решил сотрудник { $by }, второй — { $second }; проверка до { $due }.
shared-guardian = РЕБЁНОК ИЛИ ТОТ, КТО МОЖЕТ ИМ БЫТЬ: представитель ещё не назначен.
shared-minimised = эти разделы у Вас только частично: { $sections }
shared-recipient = отправлено организации «{ $name }»: { $sections }

agreement-bad-id = Название соглашения — от 1 до 120 знаков.
agreement-nothing = Ничего не внесено.
agreement-over = Последний день раньше первого.
agreement-bad-section = Раздела { $code } нет.
agreement-sections = Разделы: { $codes }.
agreement-set = Соглашение { $id } внесено. Оно только сужает то, что получает организация.
agreement-none = Соглашений нет: действуют только общие правила.
agreement-all = все
agreement-line = { $name }  { $id }  виды: { $kinds }  разделы: { $sections }  с { $from } по { $until }
agreement-not-in-force = НЕ ДЕЙСТВУЕТ
agreement-removed = Соглашение { $id } удалено.

consent-none = В этом обращении нет записи о согласии, или это устройство не может её прочитать.
consent-nobody-told = По этому делу отсюда ничего не уходило: сообщать некому.
consent-nobody-told-hint = Если дело пришло от других, сообщите им: они известят всех, у кого оно есть.
consent-withdrawn-unsent = Отозвано до отправки, там ничего не получили: { $names }.
consent-withdrawn-told = В очереди для: { $names }. У каждого есть 72 часа, чтобы удалить данные или назвать причину. `causeway sync` сообщит им; по этому согласию больше ничего не отправляется.
consent-text-long = Текст длиннее { $max } знаков.
consent-text-long-hint = Сократите его. Ничего не изменено.
consent-task = { $id }  { $name }: СОГЛАСИЕ ОТОЗВАНО { $sections ->
        [all] ПОЛНОСТЬЮ
       *[other] (разделы: { $sections })
    } { $at }. Удалите до { $due } и выполните `causeway consent confirm`, или укажите законное основание, по которому данные сохраняются.
consent-waits = { $id }  { $name }: ещё не подтвердили отзыв { $sections ->
        [all] всего согласия
       *[other] согласия (разделы: { $sections })
    }; срок { $due }.
consent-overdue = { $id }  { $name }: НЕ ПОДТВЕРДИЛИ отзыв { $sections ->
        [all] всего согласия
       *[other] согласия (разделы: { $sections })
    }; срок был { $due }. Позвоните им.
consent-erased = { $id }  { $name }: удалено { $sections ->
        [all] всё, что получено по этому согласию
       *[other] (разделы: { $sections })
    }.
consent-kept = { $id }  { $name }: сохранено { $sections ->
        [all] всё, что получено по этому согласию
       *[other] (разделы: { $sections })
    }, основание: { $ground }
consent-none-pending = Неподтверждённых отзывов нет.
consent-nothing-to-confirm = В этом обращении нет отзыва согласия, который ждёт Вашего ответа.
consent-nothing-to-confirm-hint = `causeway consent pending` покажет, где он есть.
consent-confirmed-erased = Вы подтвердили удаление. `causeway sync` сообщит другой стороне.
consent-confirmed-kept = Вы указали, почему данные сохраняются. `causeway sync` сообщит другой стороне.
consent-passed-on = Вы передавали это дальше. Отзыв поставлен в очередь для: { $names }. У каждого 72 часа на ответ.
consent-doubted = ОТПРАВИТЕЛЬ — НЕ ТОТ, ОТ КОГО ПРИШЛО ЭТО СОГЛАСИЕ: остальное, что на нём основано, не остановлено. Позвоните тем, кто его получил.
consent-no-reviews = Решений, которые ждут проверки, нет.
consent-guardian-wanted = { $id }  назначить представителя ребёнка до { $due }
consent-review = { $id }  без согласия ({ $reason }), решил сотрудник { $by }: «{ $text }»; проверить до { $due }
consent-review-overdue = ПРОСРОЧЕНО
consent-settle-empty = Нужны номер проверившего сотрудника и итог.
consent-settle-hint = Например: causeway consent settle НОМЕР --by 7 --text "Ей сообщили, она согласна."
consent-settle-own = Тот, кто принял решение, сам его не проверяет.
consent-settle-unlisted = Этого номера нет в списке сотрудников (causeway staff list).
consent-settle-other-hint = Проверяет кто-то другой: не из двоих решавших и из списка сотрудников.
consent-settled = Внесено.
consent-approved = { $name } может передать это дальше. `causeway sync` сообщит им.
consent-status-to-confirm = { $count ->
    [one] { $count } отзыв согласия ждёт Вашего ответа: см. `causeway consent pending`
    [few] { $count } отзыва согласия ждут Вашего ответа: см. `causeway consent pending`
   *[other] { $count } отзывов согласия ждут Вашего ответа: см. `causeway consent pending`
}
consent-status-unconfirmed = { $count ->
    [one] { $count } отзыв согласия ещё не подтверждён другой стороной
    [few] { $count } отзыва согласия ещё не подтверждены другой стороной
   *[other] { $count } отзывов согласия ещё не подтверждены другой стороной
}
consent-status-overdue = { $count ->
    [one] { $count } отзыв согласия ПРОСРОЧЕН
    [few] { $count } отзыва согласия ПРОСРОЧЕНЫ
   *[other] { $count } отзывов согласия ПРОСРОЧЕНЫ
}
consent-status-reviews = { $count ->
    [one] { $count } решение или задача ждёт: см. `causeway consent reviews`
    [few] { $count } решения или задачи ждут: см. `causeway consent reviews`
   *[other] { $count } решений и задач ждут: см. `causeway consent reviews`
}
consent-status-reviews-overdue = { $count ->
    [one] { $count } из них ПРОСРОЧЕНО
    [few] { $count } из них ПРОСРОЧЕНЫ
   *[other] { $count } из них ПРОСРОЧЕНО
}

told-feared = Человек просит защиты от государства, от имени которого действует эта организация: больше ни слова о нём туда не уходит, кто бы ни обратился первым. Ничего не отправлено.
told-feared-hint = Выполните шаг без текста и полей или верните дело: `causeway decline`, `causeway withdraw`. Сообщите руководителю, что эта организация знает о деле.
told-withdrawn = Согласие отозвано: сведения о человеке этой организации больше не передаются. Ничего не отправлено.
told-withdrawn-hint = Выполните шаг без текста и полей, например `causeway withdraw`. Если жизнь в опасности, звоните и принимайте решение без согласия вдвоём: `causeway send --override`.
