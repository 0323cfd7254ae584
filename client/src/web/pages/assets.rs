//! What a page needs beside its text. Nothing comes from anywhere else.

use axum::http::header;
use axum::response::IntoResponse;

const CSS: &str = include_str!("../../../assets/web/app.css");
const JS: &str = include_str!("../../../assets/web/app.js");

const ICON: &str = include_str!("../../../assets/web/icon.svg");

pub(crate) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], ICON)
}

pub(crate) async fn css() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], CSS)
}

pub(crate) async fn js() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript; charset=utf-8")], JS)
}
