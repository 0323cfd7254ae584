//! What somebody wants to see of a list, and what there is to choose from. All of it comes from the lines of the catalogue:
//! nothing is read for it.

use std::collections::BTreeSet;

use causeway_common::ids::OrgId;

use super::PAGE;
use crate::cli::failure::Failure;
use crate::cli::output::harmless;
use crate::office::views::Filter;
use crate::records;
use crate::web::pages::draft::section::{Typed, first};
use crate::web::pages::{Visitor, row, tags};

/// Organisations that a filter offers. Whoever has more partners finds them by the search: 200 of some 120 bytes are 24 kB.
const PARTNERS_MAX: usize = 200;

/// What is wanted, and which page of it.
#[derive(Clone, Default)]
pub(crate) struct Asked {
    pub(crate) filter: Filter,
    pub(crate) page: usize,
    /// Number of the view of one's own that this is; empty if it is none.
    pub(crate) saved: String,
}

impl Asked {
    /// As a form says it.
    pub(crate) fn typed(typed: &Typed) -> Self {
        let field = |name: &str| first(typed, name).trim().to_owned();
        let filter = Filter {
            view: field("view"),
            kind: field("kind"),
            org: field("org"),
            since: field("since"),
            until: field("until"),
            tag: field("tag"),
        };
        Self { filter, page: field("page").parse().unwrap_or(0), saved: field("saved") }
    }

    /// The same for the command, with the flags of the page.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = filters(&self.filter);
        words.push(format!("--skip={}", self.page.saturating_mul(PAGE)));
        words.push(format!("--limit={PAGE}"));
        words
    }
}

/// The flags of a filter, beside that of its view.
pub(super) fn filters(filter: &Filter) -> Vec<String> {
    let flags = [
        ("kind", &filter.kind),
        ("from", &filter.org),
        ("since", &filter.since),
        ("until", &filter.until),
        ("tag", &filter.tag),
    ];
    let said = flags.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(flag, value)| format!("--{flag}={value}")).collect()
}

pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) chosen: bool,
}

/// What there is to choose from.
pub(crate) struct Options {
    pub(crate) kinds: Vec<Choice>,
    pub(crate) orgs: Vec<Choice>,
    pub(crate) tags: Vec<Choice>,
    /// Tags that are in use, for what is tagged next.
    pub(crate) known: Vec<String>,
}

impl Options {
    /// Kinds and organisations that stand in this list, and tags.
    pub(super) async fn of(visitor: &Visitor, filter: &Filter, ours: bool) -> Result<Self, Failure> {
        let (kinds, peers) = {
            let catalogue = records::catalogue(&visitor.home.engine.vault)?;
            let (peers, kinds): (BTreeSet<OrgId>, BTreeSet<String>) =
                catalogue.parties(ours).map(|(peer, kind)| (peer, kind.to_owned())).unzip();
            (kinds, peers)
        };
        let kinds = kinds.into_iter().map(|code| Choice {
            words: harmless(&row::kind(&code, visitor.lang)),
            chosen: code == filter.kind,
            value: code,
        });
        let mut orgs = Vec::new();
        for peer in peers {
            let (value, words) = (peer.to_string(), harmless(&visitor.home.name_of(peer).await));
            orgs.push(Choice { chosen: value == filter.org, value, words });
        }
        orgs.sort_by(|a, b| (!a.chosen, &a.words).cmp(&(!b.chosen, &b.words)));
        orgs.truncate(PARTNERS_MAX);
        let known = tags::known(visitor)?;
        let tags = known.iter().map(|tag| Choice {
            value: tag.clone(),
            words: tag.clone(),
            chosen: *tag == filter.tag,
        });
        Ok(Self { kinds: kinds.collect(), orgs, tags: tags.collect(), known })
    }
}
