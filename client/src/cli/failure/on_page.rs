//! Whether a page has asked. Somebody there has links and buttons; to name a command of the terminal helps nobody.

use std::future::Future;

use crate::lang::Lang;

tokio::task_local! {
    static ON_PAGE: ();
}

/// Does something for a page: hints of failures are those for pages, where there are some.
pub(crate) async fn on_page<T>(doing: impl Future<Output = T>) -> T {
    ON_PAGE.scope((), doing).await
}

/// What to do now, for whoever has asked. `id` is the name of the hint at a terminal.
pub(crate) fn hint(id: &str, gaps: &[(&str, &str)], lang: Lang) -> String {
    let of_page = || lang.find_filled(&format!("onpage-{}", id.trim_end_matches(".hint")), gaps);
    let on_page = ON_PAGE.try_with(|()| ()).is_ok();
    on_page.then(of_page).flatten().unwrap_or_else(|| lang.fill(id, gaps))
}

#[cfg(test)]
mod tests {
    use super::super::Failure;
    use super::*;

    #[tokio::test]
    async fn a_page_is_told_what_can_be_done_on_a_page() {
        for lang in Lang::ALL {
            let at_terminal = Failure::not_found("x").in_lang(lang);
            let on_page = on_page(async { Failure::not_found("x") }).await.in_lang(lang);
            assert!(
                at_terminal.hint.contains("causeway") && !on_page.hint.contains("causeway"),
                "{on_page:?}"
            );
            assert!(!hint("staff-hint", &[], lang).is_empty());
        }
    }
}
