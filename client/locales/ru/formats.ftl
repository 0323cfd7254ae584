# Файлы других систем: что выходит и что приходит.

formats-too-large =
    .wrong = Файл больше { $max } МиБ.
    .right = Разделите его и загрузите части по очереди.
formats-not-utf8 =
    .wrong = Файл не в кодировке UTF-8.
    .right = Сохраните его в UTF-8 (в Excel: «CSV UTF-8»).
formats-not-xml =
    .wrong = Файл — не правильный XML ({ $what }).
    .right = Получите его заново у того, кто его составил: возможно, он обрезан.
formats-too-deep =
    .wrong = Элементы вложены глубже { $max } уровней.
    .right = Честные файлы этого формата так не устроены. Спросите отправителя.
formats-too-many =
    .wrong = В файле больше { $max } записей или элементов.
    .right = Разделите его и загрузите части по очереди.
formats-too-many-columns =
    .wrong = В таблице больше { $max } столбцов.
    .right = Уберите столбцы, которые не нужны.
formats-too-long =
    .wrong = Значение длиннее { $max } знаков.
    .right = Сократите его или отправьте приложением.
formats-entity =
    .wrong = В файле есть сущность «{ $name }», за которой может стоять что угодно.
    .right = Попросите файл без сущностей. Ничего не прочитано.
formats-doctype =
    .wrong = Файл объявляет тип документа. Такие объявления могут переполнить память или прочитать файлы этого компьютера.
    .right = Попросите файл без DOCTYPE. Ничего не прочитано.
formats-not-csv =
    .wrong = Таблица не читается ({ $what }).
    .right = Проверьте кавычки в указанной строке.
formats-ragged =
    .wrong = В этой строке больше ячеек, чем названий в первой строке ({ $columns }).
    .right = Возьмите в кавычки значения, в которых есть разделитель.
formats-column-twice =
    .wrong = Столбец «{ $column }» встречается дважды.
    .right = Уберите один из них.
formats-no-column =
    .wrong = Нет столбца «{ $column }».
    .right = В первой строке должны быть названия столбцов.
formats-empty =
    .wrong = Файл пуст.
    .right = Проверьте, тот ли это файл.
formats-missing =
    .wrong = отсутствует.
    .right = Формат этого требует; черновик составлен без этого.
formats-twice =
    .wrong = Эта запись встречается в файле дважды.
    .right = Взята только первая.
formats-wrong-kind =
    .wrong = Этот формат только для { $wanted }, а обращение — { $kind }.
    .right = Выберите другой формат.
formats-not-public =
    .wrong = В сообщении не сказано, что его можно публиковать, поэтому ничего не записано.
    .right = Файлы PFIF попадают в открытые реестры. Ставьте publication: public, только если это действительно так.
formats-no-consent =
    .wrong = Согласия на публикацию никто не давал, поэтому ничего не записано.
    .right = В согласии нужна действующая область с целью media или publication.
formats-not-pfif =
    .wrong = Это не файл PFIF 1.4: его корень — «{ $root }» из «{ $namespace }».
    .right = Корнем должен быть pfif из http://zesty.ca/pfif/1.4.
formats-pfif-id =
    .wrong = «{ $value }» — не номер записи.
    .right = Домен, косая черта и имя, например example.org/person.17.
formats-pfif-time =
    .wrong = «{ $value }» — не время в формате PFIF.
    .right = Время UTC с буквой Z: 2026-09-20T05:10:00Z.
formats-pfif-sex =
    .wrong = «{ $value }» — такого обозначения пола нет.
    .right = male, female или other; если неизвестно — ничего.
formats-pfif-birth =
    .wrong = «{ $value }» — не дата рождения в формате PFIF.
    .right = 1985, 1985-03 или 1985-03-12.
formats-pfif-age =
    .wrong = «{ $value }» — не возраст.
    .right = Число лет до 120 или два числа через дефис: 20-25.
formats-pfif-flag =
    .wrong = «{ $value }» — ни true, ни false.
    .right = true или false.
formats-pfif-status =
    .wrong = «{ $value }» — такого состояния в PFIF нет.
    .right = information_sought, is_note_author, believed_alive, believed_missing или believed_dead.
formats-pfif-country =
    .wrong = «{ $value }» — не код страны.
    .right = Две заглавные латинские буквы, например RU.
formats-pfif-state =
    .wrong = «{ $value }» — не код региона.
    .right = Например, RU-KR.
formats-pfif-orphan =
    .wrong = Заметка о человеке, которого в этом файле нет.
    .right = Загрузите файл, в котором есть этот человек.
formats-pfif-placeholder =
    .wrong = Срок записи истёк: остались только номер и даты.
    .right = Если у Вас есть её старая копия, удалите её.
formats-pfif-photo =
    .wrong = Фотография лежит в интернете; она не загружается, потому что владелец сервера увидел бы Ваш интерес.
    .right = Получите её другим путём и приложите.
formats-pfif-last-contact = Последний контакт: { $date }.
formats-pfif-sought = Разыскиваются сведения.
formats-pfif-found = Есть известия. Место не называется.
formats-exercise = УЧЕНИЯ. Все сведения вымышлены.
formats-cap-headline = Человек: { $persons }, из них детей: { $children }; ожидаются { $eta }
formats-cap-description = Подробности — только в зашифрованном пакете.
formats-cap-instruction = Откройте пакет и подтвердите получение в течение 5 минут.
formats-not-cap =
    .wrong = Это не оповещение CAP 1.2: его корень — «{ $root }» из «{ $namespace }».
    .right = Корнем должен быть alert из urn:oasis:names:tc:emergency:cap:1.2.
formats-cap-name =
    .wrong = «{ $value }» не может быть именем оповещения или отправителя.
    .right = Имя не должно быть пустым и содержать пробел, запятую, < или &.
formats-cap-time =
    .wrong = «{ $value }» — не время в формате CAP.
    .right = Время со смещением и без Z: 2026-09-20T08:15:00+03:00; UTC — это -00:00.
formats-cap-status =
    .wrong = Из состояния «{ $value }» обращение не получается.
    .right = Actual, Exercise, Test или Draft.
formats-cap-type =
    .wrong = Сообщение типа «{ $value }» — не новое оповещение.
    .right = Черновиками становятся только Alert и Update; откройте обращение, на которое оно отвечает.

formats-not-json =
    .wrong = Это не объект JSON ({ $what }).
    .right = Исправьте файл в этом месте; полные примеры — в docs/samples.
formats-no-kind =
    .wrong = не указывает вид обращения.
    .right = Например, "kind": "MPR" — или BIA, VHO, IDQ.
formats-attachments =
    .wrong = Приложенных файлов в таком файле нет.
    .right = Приложите их заново при отправке.

export-exists = Файл { $file } уже есть. Ничего не записано.
export-exists-hint = Выберите другое имя или запишите поверх с --force.
export-unwritable = Файл { $file } не записывается: { $error }.
export-unwritable-hint = Проверьте имя, папку и место на диске.
export-in-clear = { $file } лежит вне хранилища и не зашифрован: его прочтёт любой, к кому он попадёт. Удалите его, когда он сделает своё дело.
export-done = Записано в { $file }.

import-unreadable = Файл { $file } не читается: { $error }.
import-unreadable-hint = Проверьте имя и папку.
import-state-ok = хорошо
import-state-warning = посмотрите
import-state-refused = НЕ ПРИНЯТО
import-known-new = новая
import-known-same = уже есть
import-known-sent = уже отправлена отсюда
import-known-changed = уже есть, но теперь другая; черновик оставлен как был
import-summary = Хороших: { $ok }. Требуют внимания: { $warning }. Не принято: { $refused }. Уже есть: { $known }.
import-kept = Новое лежит в черновиках (`causeway drafts list`). Ничего не отправлено.
import-not-kept = Ничего не сохранено. С --draft хорошие записи станут черновиками.
import-refused = { $count ->
    [one] Не принята { $count } запись, поэтому ничего не сохранено.
    [few] Не приняты { $count } записи, поэтому ничего не сохранено.
   *[other] Не принято { $count } записей, поэтому ничего не сохранено.
}
import-refused-hint = Исправьте их или сохраните хорошие с --partly.

drafts-none = Черновиков нет.
drafts-lacks = Чего ещё не хватает, чтобы отправить:
drafts-deleted = Черновик удалён.
drafts-to-whom = Не сказано, кому отправить. Ничего не отправлено.
drafts-to-whom-hint = Назовите организацию: --to.
drafts-not-found = Черновика с номером «{ $id }» нет.
drafts-several = С «{ $id }» начинается не один черновик.
drafts-not-found-hint = Что есть, показывает `causeway drafts list`; номер — не короче четырёх знаков.

formats-htcds-type =
    .wrong = поставлено «missing»: стандарт не говорит, что это за сообщение.
    .right = Исправьте перед отправкой, если это не так.
formats-htcds-date =
    .wrong = «{ $value }» — не дата.
    .right = 2001-05-17, 2001-05 или 2001. Текст сохранён рядом.
export-not-all = В этом формате помещается одно обращение. Ничего не записано.
export-no-folder = Папки { $folder } нет. Ничего не записано.
export-no-folder-hint = Сначала создайте папку или выберите другую.
attachment-tells-place = В файле { $file } указано, где он снят. Доказательства не изменяются: это место узнает каждый, кому открыт раздел.
attachment-not-cleaned = Файл { $file } уходит как есть: место, время и устройство съёмки удаляются только из JPEG и PNG. Если это важно, сохраните его как JPEG.
export-bundle-whole = Архив для суда доказывает то, что было подписано, то есть всё дело целиком. Ничего не записано.
export-bundle-whole-hint = Уберите --public и --sections или выберите другой формат.
export-not-all-hint = Назовите одно или выберите csv, xlsx либо htcds.

formats-bundle-readme =
    Этот архив — одно дело сети организаций, защищающих людей, выписанное для суда или другого постороннего.
    Обращение { $referral }.

    index.json говорит, что в нём есть; index.sig — подпись устройства, которое его составило; directory.json доказывает, какие
    ключи каким организациям принадлежат. Каждая папка в packets — одно сообщение: что подписал отправитель (grant.bin,
    manifest.bin), разделы открытым текстом, расписки устройств получателя и ретранслятора, приложенные файлы.

    Проверка: causeway verify-bundle FILE или python3 verify_bundle.py FILE — вторая программа, написанная иначе. Обеим нужны два
    ключа, ретранслятора и регистратора; получите их не из этого файла. Ни одна программа не верит составителю на слово.

    Что он доказывает: кто какое сообщение подписал, кому и когда по своим часам; что с тех пор не изменился ни один байт; кто
    расписался за получение и открытие. Чего он не доказывает: что написанное людьми — правда. Содержание сообщений, отправленных
    самим составителем, держится на его подписи под index.json; расписки доказывают, что такое сообщение дошло.
formats-bundle-large =
    .wrong = Дело слишком велико для одного архива.
    .right = Не включайте файлы: без --files они только названы.
formats-bundle-archive =
    .wrong = Архив не совпадает байт в байт с тем, что пишет Causeway: он изменён или обрезан.
    .right = Получите его заново у составителя.
formats-bundle-form =
    .wrong = имеет форму, неизвестную этой версии.
    .right = Получите архив заново или обновите Causeway.
formats-bundle-lacks =
    .wrong = отсутствует в архиве.
    .right = Не полагайтесь на него. Получите его заново.
formats-bundle-extra =
    .wrong = есть в архиве, но не в его описи.
    .right = Не полагайтесь на него: это кто-то добавил.
formats-bundle-hash =
    .wrong = не то, что названо в описи: файл изменён.
    .right = Не полагайтесь на него.
formats-bundle-directory =
    .wrong = Справочник не сходится: { $what }.
    .right = Без него неизвестно, чьи это ключи. Не полагайтесь на архив.
formats-bundle-unlisted =
    .wrong = В справочнике нет устройства { $device } организации { $org }.
    .right = Списанное раньше устройство больше не указано. Попросите у составителя архив со справочником того времени.
formats-bundle-signature =
    .wrong = Опись не подписана устройством, которое в ней названо.
    .right = Не полагайтесь на архив.
formats-bundle-unproven =
    .wrong = Чужой пакет — без того, что подписал его отправитель.
    .right = Он ничего не доказывает. Спросите составителя, почему.
formats-bundle-grant =
    .wrong = Подписанное отправителем не сходится: { $what }.
    .right = Не полагайтесь на этот пакет.
formats-bundle-receipt =
    .wrong = не расписка за этот пакет от устройства получателя или от ретранслятора.
    .right = Не полагайтесь на неё.
formats-bundle-attachment =
    .wrong = не назван ни в одном разделе пакета.
    .right = Не полагайтесь на этот файл.

verify-bundle-says =
    Составитель: { $by }. Чужих пакетов, доказанных подписями: { $proven }. Пакетов самого составителя: { $own }.
    Верных расписок: { $receipts }. Пакетов, открытых человеком на другой стороне: { $opened }.
    Файлов, совпадающих с подписанным: { $attachments }; названо, но не приложено: { $missing }.
verify-bundle-pinned = Ключи справочника — те, что Вы указали.
verify-bundle-not-pinned = НЕ СВЕРЕНО: получите ключи ретранслятора и регистратора не из этого файла и укажите их: --relay-key и --registrar-key. Без них весь справочник мог быть выдуман.

formats-not-fhir =
    .wrong = Из «{ $type }» обращение не получается.
    .right = Bundle, ServiceRequest или Task по FHIR R4.
formats-fhir-status =
    .wrong = «{ $value }» — такого состояния у Task нет.
    .right = Например, requested, received, accepted, in-progress, completed.
formats-fhir-task =
    .wrong = Task говорит, как далеко продвинулось обращение ({ $status }, здесь { $ours }); черновика из него нет.
    .right = Сделайте этот шаг в самом обращении.
formats-fhir-reason =
    .wrong = Причина нужна для rejected, on-hold, cancelled и failed — и только для них.
    .right = Спросите отправителя, что имелось в виду.
formats-fhir-kind =
    .wrong = не указывает вид обращения.
    .right = Код вида missing-person, border-alert, victim-handoff или identity-check.

print-from = От кого
print-to = Кому
print-case = Номер дела
print-referral = Номер обращения
print-priority = Срочность
print-state = Доставка / работа
print-printed = Напечатано (UTC)
print-timeline = Ход дела
print-no-effect = (без последствий)
print-yes = да
print-no = нет
print-exercise = УЧЕНИЯ — ВСЕ СВЕДЕНИЯ ВЫМЫШЛЕНЫ
print-foot = Конфиденциально. Не оставляйте без присмотра; уничтожьте, когда бумага больше не нужна.
print-in-clear = Эту бумагу программа не защищает: её прочтёт любой, у кого она в руках.
print-controlled = Хотя бы один контакт КОНТРОЛИРУЕТ ЭКСПЛУАТАТОР. Не звоните и не пишите туда.
print-asylum = Человек ищет защиты. Не показывайте это властям страны, которой он опасается.


formats-pdf =
    .wrong = Страницы не удалось нарисовать.
    .right = Используйте --format html.
