//! For whoever has chosen the colours of his screen, and for whoever cannot bear what moves.

use serde_json::{Value, json};

use super::driver::Browser;
use super::looks::picture;

/// Whoever chooses colours gets two of them: each of these says by shape or words what colour says elsewhere, or is named.
const LOST: &str = "(() => {
    const lost = [];
    const seen = (part) => part.getClientRects().length > 0;
    const all = (css) => [...document.querySelectorAll(css)].filter(seen);
    const style = (part) => getComputedStyle(part);
    const name = (part) => part.outerHTML.slice(0, 120);
    const bordered = (part) => ['Top', 'Right', 'Bottom', 'Left'].every((side) =>
        style(part)[`border${side}Style`] !== 'none' && parseFloat(style(part)[`border${side}Width`]) >= 1);
    for (const part of all('button:not(.quiet), .button:not(.quiet), input:not([type=checkbox], [type=radio], [type=hidden], .visually-hidden), select, textarea'))
        if (!part.closest('.bar-links') && !part.matches('.visually-hidden') && !bordered(part)) lost.push('no border: ' + name(part));
    for (const part of all('.notice, .errors, .banner-stop, .card, .count, .tag'))
        if (!bordered(part)) lost.push('no border: ' + name(part));
    for (const part of all('.state, .urgent, .due, .tag'))
        if (!part.textContent.trim() || part.matches('.state, .urgent, .due') && !part.querySelector('svg.icon')) lost.push('no word or shape: ' + name(part));
    for (const icon of all('svg.icon'))
        if (style(icon).color !== style(icon.parentElement).color) lost.push('another colour: ' + name(icon.parentElement));
    for (const part of all('a[aria-current]')) {
        const other = [...part.closest('nav').querySelectorAll('a:not([aria-current], .button)')].find(seen);
        if (other && style(part).outlineStyle === style(other).outlineStyle && style(part).borderStyle === style(other).borderStyle)
            lost.push('looks like any other: ' + name(part));
    }
    for (const part of all('.gauge-fill'))
        if (style(part).fill === style(part.parentElement).backgroundColor) lost.push('not seen: ' + name(part));
    return lost;
})()";
/// Where the tabulator stops, without an outline of two pixels.
const UNSEEN: &str = "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')]
    .filter((stop) => stop.tabIndex >= 0 && !stop.disabled && stop.getClientRects().length > 0)
    .filter((stop) => { stop.focus(); const style = getComputedStyle(stop);
        return stop.matches(':focus-visible') && !(style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2); })
    .map((stop) => stop.outerHTML.slice(0, 120))";
/// What moves, or would as soon as somebody points at it.
const MOVES: &str = "document.getAnimations().length + [...document.querySelectorAll('*')].filter((part) => {
    const style = getComputedStyle(part);
    return style.animationName !== 'none' || style.transitionDuration.split(',').some((time) => parseFloat(time) > 0)
        || style.scrollBehavior === 'smooth';
}).length";

/// Looks at pages of two browsers, each under its name.
pub(crate) async fn stand_out(pages: &[(&Browser, &str, &str)]) {
    for (browser, name, path) in pages {
        browser.goto(path).await;
        for scheme in ["light", "dark"] {
            wish(browser, &[("forced-colors", "active"), ("prefers-color-scheme", scheme)]).await;
            assert!(browser.is("matchMedia('(forced-colors: active)').matches").await);
            assert_eq!(browser.js(LOST).await, json!([]), "{name}, {scheme}");
            // As with the keyboard: the first key says that somebody uses it.
            browser.keys(thirtyfour::Key::Tab).await;
            assert_eq!(browser.js(UNSEEN).await, json!([]), "{name}, {scheme}");
            browser.js("document.activeElement.blur()").await;
            picture(browser, "forced", &format!("{name}-{scheme}")).await;
        }
        wish(browser, &[("prefers-reduced-motion", "no-preference")]).await;
        assert_ne!(browser.js(MOVES).await, json!(0), "{name}: this test looks at nothing");
        wish(browser, &[("prefers-reduced-motion", "reduce")]).await;
        // Anew: what moves already comes to its end.
        browser.goto(path).await;
        assert_eq!(browser.js(MOVES).await, json!(0), "{name} moves");
        wish(browser, &[]).await;
    }
}

/// What the system says of its user's wishes.
async fn wish(browser: &Browser, wishes: &[(&str, &str)]) {
    let features = wishes.iter().map(|(name, value)| json!({ "name": name, "value": value }));
    let features: Vec<Value> = features.collect();
    browser.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
}
