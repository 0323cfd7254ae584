//! What is said about a foreign file: what is wrong, where, and what would be right. In both languages.

use serde_json::{Value, json};

use crate::lang::Lang;
use crate::referral::{Document, Problem};

/// One thing that is wrong with a file, a row or a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where: a field of the file or a path of the document; empty for all of it.
    pub path: String,
    said: Said,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    /// A text of `formats.ftl` with attributes `.wrong` and `.right`, and what goes into its gaps.
    Ours(&'static str, Vec<(&'static str, String)>),
    /// What the tables of the kind say.
    Checked(Box<Problem>),
}

impl Finding {
    /// A finding by the name of its text.
    pub fn new(id: &'static str, path: impl Into<String>) -> Self {
        Self { path: path.into(), said: Said::Ours(id, Vec::new()) }
    }

    /// The same with something for a gap. What comes from a file is shortened: it is shown to a person.
    #[must_use]
    pub fn with(mut self, gap: &'static str, value: impl std::fmt::Display) -> Self {
        const SHOWN_CHARS: usize = 80;
        if let Said::Ours(_, gaps) = &mut self.said {
            let shown = value.to_string().chars().filter(|c| !c.is_control()).take(SHOWN_CHARS).collect();
            gaps.push((gap, shown));
        }
        self
    }

    /// The same inside something.
    pub(super) fn under(mut self, parent: &str) -> Self {
        self.path = format!("{parent}.{}", self.path);
        self
    }

    /// Machine word.
    pub fn code(&self) -> &'static str {
        match &self.said {
            Said::Ours(id, _) => id,
            Said::Checked(problem) => problem.code,
        }
    }

    /// What is wrong.
    pub fn wrong(&self, lang: Lang) -> String {
        self.say(lang, "wrong", |problem| problem.message(lang))
    }

    /// What would be right.
    pub fn right(&self, lang: Lang) -> String {
        self.say(lang, "right", |problem| problem.hint(lang))
    }

    fn say(&self, lang: Lang, attribute: &str, checked: impl Fn(&Problem) -> String) -> String {
        match &self.said {
            Said::Ours(id, gaps) => {
                let gaps: Vec<(&str, &str)> = gaps.iter().map(|(name, v)| (*name, v.as_str())).collect();
                lang.fill(&format!("{id}.{attribute}"), &gaps)
            }
            Said::Checked(problem) => checked(problem),
        }
    }

    /// For scripts: the words are there too, in the language of the home.
    pub fn to_json(&self, lang: Lang) -> Value {
        json!({ "path": self.path, "code": self.code(), "wrong": self.wrong(lang), "right": self.right(lang) })
    }
}

impl From<Problem> for Finding {
    fn from(problem: Problem) -> Self {
        Self { path: problem.path.clone(), said: Said::Checked(Box::new(problem)) }
    }
}

/// One record of a foreign file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Row {
    /// Its number in the file, from 1; in a table the line of the sheet.
    pub number: usize,
    /// What names it: the same record in another file is the same draft. Empty if the file does not say.
    pub key: String,
    /// What is wrong with it.
    pub findings: Vec<Finding>,
    /// The draft it makes; none if it is refused.
    pub document: Option<Document>,
}

impl Row {
    /// A record that cannot be taken.
    pub(super) fn refused(number: usize, key: impl Into<String>, finding: Finding) -> Self {
        Self { number, key: key.into(), findings: vec![finding], document: None }
    }

    /// A record that makes a draft, checked as drafts are. What is only missing is a remark: a draft may lack it. What is
    /// wrong refuses the record.
    pub(super) fn of(
        number: usize,
        key: impl Into<String>,
        document: Document,
        remarks: Vec<Finding>,
    ) -> Self {
        use crate::referral::{Level, problem::MISSING};
        let mut row = Self { number, key: key.into(), findings: remarks, document: None };
        let problems = document.validate(Level::Draft, causeway_common::time::Timestamp(0));
        let wrong = problems.iter().any(|problem| problem.code != MISSING);
        row.findings.extend(problems.into_iter().map(Finding::from));
        row.document = (!wrong).then_some(document);
        row
    }

    /// `ok`, `warning` or `refused`.
    pub fn state(&self) -> &'static str {
        match (&self.document, self.findings.is_empty()) {
            (None, _) => "refused",
            (Some(_), true) => "ok",
            (Some(_), false) => "warning",
        }
    }
}
