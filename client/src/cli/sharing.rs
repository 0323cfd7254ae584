//! Who will see what of a referral, worked out and shown before anything is queued.

use causeway_common::ids::OrgId;
use serde_json::{Value, json};

use super::failure::{Failure, exit};
use super::home::Home;
use super::output::harmless;
use crate::caller;
use crate::consents;
use crate::lang::Lang;
use crate::referral::access::{
    self, Agreement, Consent, Decision, Origin, Override, Question, Recipient, Role, Rule, Verdict,
};
use crate::referral::sections::HDR;
use crate::referral::{Document, Section, SectionCode, pseudonym};

pub(super) mod along;
pub(super) mod record;
pub(super) mod told;

/// What one recipient will get.
pub(super) struct Share {
    pub(super) org: OrgId,
    recipient: Recipient,
    role: Option<Role>,
    agreements: Vec<Agreement>,
    decisions: Vec<Decision>,
    pub(super) copy: Vec<Section>,
    /// Fields that the kind cannot do without and that do not get there.
    lost: Vec<&'static str>,
    /// Sections whose files stay here.
    files_kept_back: Vec<SectionCode>,
}
no_content_in_debug!(Share);

/// What all shares are worked out from.
pub(super) struct Basis<'a> {
    pub(super) document: &'a Document,
    pub(super) overridden: Option<&'a Override>,
    pub(super) origins: &'a [Origin],
    pub(super) files: &'a [SectionCode],
}
impl std::fmt::Debug for Basis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Basis").finish_non_exhaustive()
    }
}

/// Works out what each of the organisations will get. Changes nothing.
pub(super) async fn work_out(
    basis: &Basis<'_>,
    recipients: &[OrgId],
    home: &Home,
) -> Result<Vec<Share>, Failure> {
    let vault = &home.engine.vault;
    let withdrawn = consents::ended(vault, consents::consent_ref(&basis.document.fields))?;
    let protection = consents::protection::known(vault, &basis.document.fields)?;
    let mut shares = Vec::new();
    for org in recipients {
        let recipient = home.engine.recipient(*org).await.ok_or_else(|| Failure::not_found(&org.short()))?;
        let agreements = consents::agreements_with(vault, *org)?;
        let question = Question {
            document: basis.document,
            recipient: &recipient,
            agreements: &agreements,
            overridden: basis.overridden,
            withdrawn: &withdrawn,
            protection: &protection,
            origins: basis.origins,
            files: basis.files,
            now: home.engine.now(),
        };
        let decisions = access::decide(&question);
        let role = Role::of(&recipient.kind, basis.document.kind.code());
        let may = |code: &SectionCode| {
            let decision = decisions.iter().find(|decision| decision.section == *code);
            decision.zip(role).is_some_and(|(decision, role)| access::may_attach(decision, role))
        };
        let files_kept_back = basis.files.iter().copied().filter(|code| !may(code)).collect();
        let share = Share {
            org: *org,
            copy: Vec::new(),
            lost: Vec::new(),
            role,
            agreements,
            decisions,
            recipient,
            files_kept_back,
        };
        shares.push(share);
    }
    Ok(shares)
}

/// Whether somebody gets something because a life is in danger now.
pub(super) fn rests_on_danger(shares: &[Share]) -> bool {
    shares.iter().flat_map(|share| &share.decisions).any(|decision| decision.rule == Rule::Vital)
}

/// Makes the copies. Each tells who else has which sections, by name and code, and nothing of what stands in them.
pub(super) fn make_copies(document: &Document, shares: &mut [Share], home: &Home) {
    super::kind::warn(document.kind, &document.fields, home.lang);
    let key = home.engine.identity.person_key();
    for share in shares.iter_mut() {
        let role = share.role.unwrap_or(Role::Rly);
        let document = &pseudonym::for_partner(document, &key, &share.org.0);
        share.copy = access::copy_for(document, role, &share.decisions, home.engine.now());
        share.lost = access::lost(document, &share.copy);
    }
    let lists: Vec<Value> =
        shares.iter().map(|reader| shares.iter().map(|other| other.told_to(reader)).collect()).collect();
    for (share, list) in shares.iter_mut().zip(lists) {
        if let Some(header) = share.copy.first_mut() {
            header.json.insert("recipients".into(), list);
        }
    }
}

impl Share {
    /// What another recipient reads of this one. A shelter's name says where somebody is: it stands beside her only for those who go
    /// there (hard rule 2).
    fn told_to(&self, reader: &Self) -> Value {
        let codes: Vec<String> = self.sections().iter().map(ToString::to_string).collect();
        let mut told = json!({ "role": self.role.map(Role::code), "sections": codes });
        let hidden = self.role == Some(Role::Shl)
            && self.org != reader.org
            && !reader.role.is_some_and(Role::may_know_shelters);
        if !hidden {
            told["org_id"] = self.recipient.org.as_str().into();
            told["name"] = self.recipient.name.as_str().into();
        }
        told
    }

    /// What will be in the packet, with sections that hold nothing but files.
    fn sections(&self) -> Vec<SectionCode> {
        let mut codes: Vec<SectionCode> = self.copy.iter().map(|section| section.code).collect();
        let goes = self.decisions.iter().filter(|d| d.verdict == Verdict::Allowed).map(|d| d.section);
        codes.extend(goes.filter(|code| !codes.contains(code)).collect::<Vec<_>>());
        codes
    }

    /// Whether a file in this section travels to this recipient.
    pub(super) fn takes_file(&self, code: SectionCode) -> bool {
        !self.files_kept_back.contains(&code)
    }

    /// Why nothing at all may go.
    fn blocked(&self) -> Option<&Decision> {
        self.decisions.iter().find(|d| d.section == HDR && d.verdict == Verdict::Refused)
    }

    fn json(&self) -> Value {
        let sections: Vec<Value> = self
            .decisions
            .iter()
            .map(|decision| {
                let gaps: serde_json::Map<String, Value> = decision
                    .gaps
                    .iter()
                    .map(|(name, text)| ((*name).to_owned(), text.as_str().into()))
                    .collect();
                json!({
                    "section": decision.section.to_string(),
                    "verdict": decision.verdict.as_str(),
                    "rule": decision.rule.as_str(),
                    "why": decision.why,
                    "gaps": gaps,
                })
            })
            .collect();
        json!({
            "to": self.recipient.org,
            "name": self.recipient.name,
            "role": self.role.map(Role::code),
            "agreements": self.agreements.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(),
            "sections": sections,
            "missing": self.lost,
            "files_kept_back": self.files_kept_back.iter().map(ToString::to_string).collect::<Vec<_>>(),
        })
    }
}

/// For scripts: every decision.
pub(super) fn json(shares: &[Share]) -> Value {
    shares.iter().map(Share::json).collect()
}

/// For people: a table of recipients and sections, then why.
pub(super) fn words(document: &Document, shares: &[Share], home: &Home) -> String {
    let lang = home.lang;
    let mut out = format!("{}\n\n{}", lang.text("access-title"), table(shares, lang));
    shares.iter().for_each(|share| out.push_str(&share.words(lang)));
    let consent = Consent::of(document, home.engine.now());
    let silent = consent.as_ref().map(Consent::not_to_be_told).unwrap_or_default();
    if !silent.is_empty() {
        let people = harmless(&silent.join("; "));
        out.push_str(&format!("\n{}\n", lang.fill("access-not-to-be-told", &[("people", &people)])));
    }
    out
}

fn line(decision: &Decision, lang: Lang) -> String {
    let code = decision.section.to_string();
    let name = lang.text(&format!("access-section-{}", code.to_lowercase()));
    let verdict = lang.text(&format!("access-verdict-{}", decision.verdict.as_str()));
    format!("  {code}  {verdict:<10}  {name}: {}\n", reason(decision, lang))
}

fn reason(decision: &Decision, lang: Lang) -> String {
    let gaps: Vec<(&str, &str)> = decision.gaps.iter().map(|(name, text)| (*name, text.as_str())).collect();
    harmless(&lang.fill(decision.why, &gaps))
}

impl Share {
    /// Who it is, and why it gets what.
    fn words(&self, lang: Lang) -> String {
        let role = self.role.map_or("-", Role::code);
        let mut out = format!("\n{} ({role})\n", harmless(&self.recipient.name));
        let agreed = match self.agreements.as_slice() {
            [] => lang.text("access-no-agreement"),
            some => {
                let ids: Vec<&str> = some.iter().map(|a| a.id.as_str()).collect();
                lang.fill("access-by-agreement", &[("ids", &harmless(&ids.join(", ")))])
            }
        };
        out.push_str(&format!("  {agreed}\n"));
        self.decisions.iter().for_each(|decision| out.push_str(&line(decision, lang)));
        out.push_str(&self.warnings(lang));
        out
    }

    /// What the sender has to know beside the reasons.
    fn warnings(&self, lang: Lang) -> String {
        let mut out = String::new();
        if self.blocked().is_some() {
            return format!("  ! {}\n", lang.text("access-nothing-goes"));
        }
        if !self.lost.is_empty() {
            let fields = self.lost.join(", ");
            out.push_str(&format!("  ! {}\n", lang.fill("access-missing", &[("fields", &fields)])));
        }
        if !self.files_kept_back.is_empty() {
            let codes: Vec<String> = self.files_kept_back.iter().map(ToString::to_string).collect();
            let codes = codes.join(", ");
            out.push_str(&format!("  ! {}\n", lang.fill("access-files-kept-back", &[("sections", &codes)])));
        }
        out
    }
}

/// One line for each recipient: `+` goes, `~` goes cut, `.` stays here.
fn table(shares: &[Share], lang: Lang) -> String {
    let mut codes: Vec<SectionCode> = Vec::new();
    for decision in shares.iter().flat_map(|share| &share.decisions) {
        if !codes.contains(&decision.section) {
            codes.push(decision.section);
        }
    }
    let headings: Vec<String> = codes.iter().map(ToString::to_string).collect();
    let mut out = format!("  {}\n", headings.join(" "));
    for share in shares {
        let marks: Vec<&str> = codes
            .iter()
            .map(|code| match share.decisions.iter().find(|d| d.section == *code).map(|d| d.verdict) {
                Some(Verdict::Allowed) => " + ",
                Some(Verdict::Minimised) => " ~ ",
                _ => " . ",
            })
            .collect();
        out.push_str(&format!("  {}  {}\n", marks.join(" "), harmless(&share.recipient.name)));
    }
    out.push_str(&format!("  {}\n", lang.text("access-legend")));
    out
}

/// What a sender is told in any case: what does not get there although the kind cannot do without it.
pub(super) fn remarks(shares: &[Share], home: &Home) -> Vec<String> {
    let told = shares.iter().map(|share| (share, share.warnings(home.lang)));
    told.filter(|(_, words)| !words.is_empty())
        .map(|(share, words)| format!("{}\n{}", harmless(&share.recipient.name), words.trim_end()))
        .collect()
}

/// Refuses what a rule keeps from a recipient altogether.
pub(super) fn check(shares: &[Share], home: &Home) -> Result<(), Failure> {
    let Some((share, decision)) = shares.iter().find_map(|share| Some((share, share.blocked()?))) else {
        return Ok(());
    };
    let (lang, name) = (home.lang, harmless(&share.recipient.name));
    let why = reason(decision, lang);
    let message = lang.fill("access-refused", &[("org", &name), ("why", &why)]);
    let (code, hint) = match decision.rule {
        Rule::HardAsylum => ("W-101", "access-hint-asylum"),
        Rule::HardRelay => ("W-103", "access-hint-role"),
        Rule::HardChild => ("W-104", "access-hint-child"),
        Rule::Agreement => ("W-107", "access-hint-agreement"),
        Rule::Withheld => ("W-110", "access-hint-withheld"),
        _ => ("W-108", "access-hint-consent"),
    };
    Err(Failure::new(code, exit::REFUSED, message, lang.text(hint)))
}

/// Asks the person at the terminal whether this is what she means.
pub(super) fn agreed(home: &Home) -> Result<bool, Failure> {
    let question = home.lang.text("access-ask");
    let answer = caller::ask(&question).map_err(Failure::internal)?.unwrap_or_default();
    Ok(["y", "yes", "д", "да"].contains(&answer.trim().to_lowercase().as_str()))
}
