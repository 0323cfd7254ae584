# Поиск по обращениям.
search-none = Ничего не найдено. Попробуйте меньше слов или только начало слова; разделы, предназначенные для других устройств, не просматриваются.
search-empty = Не указано, что искать.
search-empty-hint = Напишите слова, "фразу в кавычках" или условия: kind:border-alert from:НАЗВАНИЕ country:MD state:accepted.
search-more = { $count ->
    [one] Подходит ещё { $count }; больше покажет --limit.
    [few] Подходят ещё { $count }; больше покажет --limit.
   *[other] Подходят ещё { $count }; больше покажет --limit.
}
search-sent-to = кому: { $name }
search-from = от: { $name }
search-call = звонок
