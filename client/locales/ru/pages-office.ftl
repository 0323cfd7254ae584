# Страницы канцелярии: поиск, статистика.
nav-search = Поиск
nav-statistics = Статистика
search-label = Найти обращение
search-go = Найти
search-how = Имена в любом написании, кириллицей или латиницей; "фраза в кавычках"; kind:border-alert from:ИМЯ country:MD state:accepted. Искомое не попадает ни в адрес, ни в историю.
search-nothing = Здесь ничего не подходит. Попробуйте меньше слов или начало слова. То, что не для этого рабочего места, не просматривается.
search-narrower = Подходит больше, чем показано: добавьте слово.
search-found = { $count ->
    [one] Найдено: { $count }, сначала самое подходящее.
    [few] Найдено: { $count }, сначала самое подходящее.
    [many] Найдено: { $count }, сначала самое подходящее.
   *[other] Найдено: { $count }, сначала самое подходящее.
}
col-partner = С кем
col-place = Где это стоит
col-row = Строка
statistics-period = Квартал
statistics-quarter = { $number }-й квартал { $year }
statistics-show = Показать
statistics-csv = Скачать CSV
statistics-empty = Таблицы без чисел
fail-no-month = { $text } — это не месяц.
    .hint = Выберите квартал из списка.
