//! When this organisation works.

use askama::Template;
use axum::Form;
use axum::response::{IntoResponse as _, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use super::super::organisation::{DAYS, spans};
use super::super::{Frame, Visitor, draw, failed, shown};
use crate::cli::failure::Failure;
use crate::cli::output::text;

#[derive(Template)]
#[template(path = "web/hours.html")]
struct Hours {
    frame: Frame,
    typed: Typed,
    days: Vec<(&'static str, String, String)>,
    published: bool,
    error: String,
}

/// What somebody has typed.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Typed {
    zone: String,
    mon: String,
    tue: String,
    wed: String,
    thu: String,
    fri: String,
    sat: String,
    sun: String,
    holidays: String,
    always: String,
    phone: String,
}

impl Typed {
    fn of(v: &Value) -> Self {
        let [mon, tue, wed, thu, fri, sat, sun] = DAYS.map(|day| spans(&v["week"][day]));
        let always = if v["around_the_clock"] == true { "yes" } else { "" }.to_owned();
        let phone = v["night_phone"].as_str().unwrap_or_default().to_owned();
        let (zone, holidays) = (text(v, "zone").to_owned(), spans(&v["holidays"]));
        Self { zone, mon, tue, wed, thu, fri, sat, sun, holidays, always, phone }
    }

    fn week(&self) -> [&str; 7] {
        [&self.mon, &self.tue, &self.wed, &self.thu, &self.fri, &self.sat, &self.sun]
    }

    fn command(&self) -> Vec<String> {
        let mut words = vec!["hours".to_owned(), "set".to_owned(), format!("--zone={}", self.zone.trim())];
        let days = DAYS.iter().zip(self.week()).filter(|(_, spans)| !spans.trim().is_empty());
        words.extend(days.map(|(day, spans)| format!("--day={day}={}", spans.replace(' ', ""))));
        let holidays = self.holidays.split([',', ' ']).filter(|day| !day.is_empty());
        words.extend(holidays.map(|day| format!("--holiday={day}")));
        if self.always == "yes" {
            words.push("--around-the-clock".to_owned());
        }
        words.push(format!("--night-phone={}", self.phone.trim()));
        words
    }
}

pub(crate) async fn show(visitor: Visitor) -> Response {
    let page = page(&visitor, None, String::new()).await;
    shown(&visitor, page)
}

pub(crate) async fn set(visitor: Visitor, Form(typed): Form<Typed>) -> Response {
    let words = typed.command();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match visitor.run(&words).await {
        Ok(_) => Redirect::to("/settings/hours").into_response(),
        Err(failure) => {
            let error = format!("{} {}", failure.message, failure.hint);
            page(&visitor, Some(typed), error).await.unwrap_or_else(|_| failed(&visitor, failure))
        }
    }
}

async fn page(visitor: &Visitor, typed: Option<Typed>, error: String) -> Result<Response, Failure> {
    let v = visitor.values(&["hours", "show"]).await?.pop().unwrap_or_default();
    let typed = typed.unwrap_or_else(|| Typed::of(&v));
    let days = DAYS.into_iter().zip(typed.week());
    let days =
        days.map(|(day, spans)| (day, visitor.lang.text(&format!("hours-day-{day}")), spans.to_owned()));
    Ok(draw(&Hours {
        frame: visitor.frame("settings")?,
        days: days.collect(),
        typed,
        published: v["published"] == true,
        error,
    }))
}
