# Списки: отбор, сохранённые виды, метки, действия сразу с несколькими обращениями.
fail-list-day = { $found } — не день.
    .hint = Например, 2026-11-30.
fail-tag = Это не годится как метка.
    .hint = В метке от 1 до { $max } видимых знаков.
fail-tags-full = У этого обращения уже { $most } меток.
    .hint = Снимите ту, по которой больше никто не ищет.
fail-view-name = Это не годится как название вида.
    .hint = В названии от 1 до { $max } видимых знаков.
fail-views-full = Видов уже { $most }.
    .hint = Уберите тот, которым больше никто не пользуется.
tag-added = Метка поставлена: { $tag }
tag-removed = Метка снята: { $tag }
tags-none = Меток нет.
view-kept = Вид «{ $name }» сохранён на этом рабочем месте.
view-removed = Вид «{ $name }» убран. Обращения остались.
views-none = Своих видов нет.
filter-title = Отбор
filter-kind = Вид
filter-from = От кого
filter-to = Кому
filter-since = С какого дня
filter-until = По какой день
filter-tag = Метка
filter-any = Любой вариант
filter-go = Показать
filter-clear = Без отбора
filter-keep-as = Сохранить этот вид под названием
filter-keep = Сохранить вид
filter-keep-hint = Только на этом рабочем месте.
view-take-away = Убрать этот вид
views-own = Виды этого рабочего места
chosen-title = С выбранными
chosen-pick = Выбрать
chosen-all = Выбрать все на этой странице
chosen-none = Выберите в списке хотя бы одно обращение.
chosen-many = За один раз — не больше { $most } обращений.
chosen-tag = Метка
chosen-tag-hint = Слово Вашей организации, без имён людей.
chosen-tag-go = Поставить метку
chosen-untag-go = Снять метку
chosen-export = Выгрузить в JSON
chosen-export-clear = Файл выгрузки не зашифрован: его прочитает любой, у кого он окажется.
chosen-done = { $count ->
    [one] Готово: { $count } обращение.
    [few] Готово: { $count } обращения.
    [many] Готово: { $count } обращений.
   *[other] Готово: { $count } обращения.
}
chosen-done-before = { $count ->
    [one] Готово: { $count } обращение; дальше не получилось:
    [few] Готово: { $count } обращения; дальше не получилось:
    [many] Готово: { $count } обращений; дальше не получилось:
   *[other] Готово: { $count } обращения; дальше не получилось:
}
item-tags = Метки
item-tag-add = Поставить метку
item-tag-off = Снять
item-tag-why = Метки видит только Ваша организация.
log-tagged-a-referral = Обращению поставлена метка
log-took-a-tag-off-a-referral = С обращения снята метка
log-kept-a-view-of-a-list = Сохранён вид списка
log-took-a-view-of-a-list-away = Убран вид списка
