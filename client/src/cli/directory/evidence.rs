//! `causeway directory evidence`, and what `causeway directory verify` says of its file.

use std::path::Path;

use causeway_certs::audit::{Log, Pins};
use causeway_certs::checkpoint::{self, Checkpoint, CheckpointError};
use causeway_certs::directory::{Authority, RelayKeys};
use causeway_certs::evidence::{self, EvidenceError, Kind, Proven, ProvenIllegal};
use causeway_certs::keys::PublicKey;
use serde_json::{Value, json};

use super::{compare, head_value, read, write};
use crate::audit::{self as form, Accusation, File};
use crate::cli::failure::{Failure, exit};
use crate::cli::home::Home;
use crate::cli::output::{print, text};
use crate::records;

/// The word for scripts.
fn kind_word(kind: Kind) -> &'static str {
    match kind {
        Kind::Split => "split",
        Kind::WentBack => "went_back",
    }
}

/// The word for scripts for a statement that nobody may make.
const ILLEGAL: &str = "illegal_statement";

pub(super) async fn export(out: &Path, with: Option<&Path>, home: &Home) -> Result<(), Failure> {
    let other = with.map(read_directory).transpose()?;
    let relay_key = home.engine.relay_key().await;
    let replica = home.engine.replica.lock().await;
    let (vault, identity) = (&home.engine.vault, &home.engine.identity);
    let said = form::evidence_of(vault, &replica, identity, relay_key, other.as_ref())?;
    let behind = other.as_ref().and_then(|other| Behind::of(&replica.checkpoint, other, &said));
    drop(replica);
    let left_out = said.illegal.is_none() && records::illegal(vault)?.is_some();
    if said.is_empty() {
        return Err(none(behind.as_ref(), left_out));
    }
    write(out, &form::write_evidence(&said))?;
    home.note("exported evidence against the relay").await?;
    let judged = Judged::of(&said);
    let result = json!({
        "out": out.display().to_string(),
        "contradictions": said.contradictions.len(),
        "proven": judged.count(),
        "split": judged.of_kind(Kind::Split),
        "went_back": judged.of_kind(Kind::WentBack),
        ILLEGAL: judged.illegal.as_ref().is_some_and(Result::is_ok),
        "names_members": said.illegal.is_some(),
        "behind": behind.as_ref().map(Behind::value),
        "relay_key": hex::encode(said.relay_key),
    });
    print(home.json, result, |v| {
        let mut lines = vec![format!("Written to {}:", text(v, "out"))];
        lines.extend(judged.lines());
        lines.push(if said.illegal.is_some() {
            "It holds the directory with the illegal statement, so it names every member: hand it on with care. Give it to the registrar and your partners, not through the relay; they check it with `causeway directory verify FILE`.".to_owned()
        } else {
            "It names no member and no person. Give it to the registrar and your partners, not through the relay; they check it with `causeway directory verify FILE`.".to_owned()
        });
        lines.extend(left_out.then(|| LEFT_OUT.to_owned()));
        lines.extend(behind.as_ref().map(Behind::words));
        lines.join("\n")
    });
    Ok(())
}

fn read_directory(path: &Path) -> Result<Log, Failure> {
    match form::read(&read(path)?)? {
        File::Directory(log) => Ok(log),
        File::Evidence(_) => Err(Failure::invalid(
            "The file given with --with is evidence, not a directory.",
            "Ask the other member for `causeway directory export --out FILE`.",
        )),
    }
}

/// Said of an illegal statement that is not proven.
const LEFT_OUT: &str = "This home has also been shown a directory with a statement in it that it could not take. What it keeps of that proves nothing to others, and is not in a file.";

fn none(behind: Option<&Behind>, left_out: bool) -> Failure {
    let told = behind.map_or_else(String::new, |behind| format!(" {}", behind.words()));
    if left_out {
        return Failure::new(
            "D-115",
            exit::NOT_FOUND,
            format!("There is nothing here that proves anything to others. {LEFT_OUT}{told}"),
            "Run `causeway sync`, then look again. If it stays, call the registrar and your partners, not through the relay.",
        );
    }
    let hint =
        if behind.is_some() { "Run `causeway sync`, then look again." } else { "Nothing needs to be done." };
    Failure::new(
        "D-115",
        exit::NOT_FOUND,
        format!(
            "There is no evidence here: the relay has never shown this home two directories that contradict each other, a smaller one later, or a statement that nobody may make.{told}"
        ),
        hint,
    )
}

/// Another member has been shown more, and later: nobody has signed that this home was not.
struct Behind {
    ours: Option<Checkpoint>,
    theirs: Checkpoint,
}

impl Behind {
    fn of(ours: &[u8], other: &Log, said: &Accusation) -> Option<Self> {
        let (keys, _) = said.keys()?;
        let ours = checkpoint::read(ours);
        let heads = other.heads.iter().filter_map(|head| keys.verify_head(head).ok());
        let theirs = heads.max_by_key(|head| head.size)?;
        let is_more = ours.is_none_or(|ours| theirs.size > ours.size && theirs.time > ours.time);
        is_more.then_some(Self { ours, theirs })
    }

    fn value(&self) -> Value {
        json!({ "ours": self.ours.as_ref().map(head_value), "theirs": head_value(&self.theirs) })
    }

    fn words(&self) -> String {
        let theirs = head_value(&self.theirs);
        let ours = self.ours.map_or_else(
            || "this home has seen none yet".to_owned(),
            |ours| format!("this home has {}, of {}", ours.size, text(&head_value(&ours), "time")),
        );
        format!(
            "The other member was shown {} statements at {}; {ours}. Run `causeway sync`. If this home stays behind after that, the relay withholds the rest from it: send nothing to anybody whom the other file shows as suspended or changed (`causeway directory verify FILE`), and call the registrar, not through the relay. No signature proves it to others: they have your word and the other member's.",
            self.theirs.size,
            text(&theirs, "time"),
        )
    }
}

/// What a file's proofs come to.
struct Judged {
    pairs: Vec<Result<Proven, EvidenceError>>,
    illegal: Option<Result<ProvenIllegal, EvidenceError>>,
    keys: Option<(RelayKeys, Option<Authority>)>,
}

impl Judged {
    fn of(said: &Accusation) -> Self {
        let keys = said.keys();
        let known = || keys.as_ref().map(|(keys, _)| keys).ok_or(CheckpointError::Unverified);
        let pair = |one| evidence::judge(one, known()?);
        let illegal = |one| evidence::judge_illegal(one, known()?);
        let pairs = said.contradictions.iter().map(pair).collect();
        Self { pairs, illegal: said.illegal.as_ref().map(illegal), keys }
    }

    /// Takes back what rests on another key than those which the auditor knows from elsewhere. That a relay has several keys is
    /// the registrar's word, so that one must have signed it.
    fn pinned(mut self, said: &Accusation, pins: &Pins) -> Self {
        let rests =
            |signers: &[PublicKey]| match (pins.relay, pins.registrar.zip(said.announcements.as_ref())) {
                (Some(pinned), _) if signers.iter().all(|key| *key.as_bytes() == pinned) => Ok(()),
                (relay, Some((registrar, announcements))) => {
                    let keys =
                        announcements.vouched_for_by(&registrar).ok_or(EvidenceError::OtherRegistrar)?;
                    let pinned =
                        relay.is_none_or(|pinned| keys.all().any(|period| *period.key.as_bytes() == pinned));
                    let all = pinned && signers.iter().all(|key| keys.has(*key));
                    if all { Ok(()) } else { Err(EvidenceError::OtherRegistrar) }
                }
                (Some(_), None) => Err(EvidenceError::OtherKey),
                (None, None) => Ok(()),
            };
        for one in &mut self.pairs {
            *one = one.and_then(|proven| rests(&proven.signers).map(|()| proven));
        }
        self.illegal =
            self.illegal.map(|one| one.and_then(|proven| rests(&[proven.signer]).map(|()| proven)));
        self
    }

    /// The registrar whose word it is that the keys are the relay's, and whether the auditor has named it.
    fn registrar(said: &Accusation, pins: &Pins) -> Option<([u8; 32], bool)> {
        let announcements = said.announcements.as_ref()?;
        let pinned = pins.registrar.filter(|pinned| announcements.vouched_for_by(pinned).is_some());
        pinned.map(|key| (key, true)).or_else(|| Some((announcements.founder()?, false)))
    }

    /// Why it is about somebody else than the keys that the auditor knows, if it is.
    fn stranger(&self, said: &Accusation, pins: &Pins) -> Option<&'static str> {
        let (keys, run_by) = self.keys.as_ref()?;
        let has = |pinned: [u8; 32]| keys.all().any(|period| *period.key.as_bytes() == pinned);
        if pins.relay.is_some_and(|pinned| pinned != said.relay_key && !has(pinned)) {
            return Some("it is about another relay than the one whose key you gave");
        }
        let run_by = run_by.as_ref()?;
        let other = pins.registrar.is_some_and(|pinned| !run_by.has_had_registrar(&pinned));
        other.then_some("it is about the relay of another registrar than the one whose key you gave")
    }

    fn of_kind(&self, kind: Kind) -> usize {
        self.pairs.iter().flatten().filter(|proven| proven.kind == kind).count()
    }

    fn count(&self) -> usize {
        self.pairs.iter().flatten().count() + usize::from(self.illegal.as_ref().is_some_and(Result::is_ok))
    }

    fn first_error(&self) -> Option<EvidenceError> {
        self.pairs.iter().find_map(|one| one.err()).or_else(|| self.illegal.as_ref()?.as_ref().err().copied())
    }

    /// Whether a key was replaced because somebody else might have had it.
    fn in_doubt(&self, signers: &[PublicKey]) -> bool {
        let keys = self.keys.as_ref().map(|(keys, _)| keys);
        keys.is_some_and(|keys| signers.iter().any(|key| keys.was_replaced_at_once(*key)))
    }

    fn pair_value(&self, one: &Result<Proven, EvidenceError>) -> Value {
        match one {
            Ok(proven) => json!({
                "proven": true,
                "kind": kind_word(proven.kind),
                "ours": head_value(&proven.ours),
                "theirs": head_value(&proven.theirs),
                "key_in_doubt": self.in_doubt(&proven.signers),
            }),
            Err(error) => json!({ "proven": false, "what": error.to_string() }),
        }
    }

    fn illegal_value(&self) -> Value {
        match &self.illegal {
            None => Value::Null,
            Some(Ok(proven)) => json!({
                "proven": true,
                "kind": ILLEGAL,
                "head": head_value(&proven.head),
                "statement": proven.statement,
                "what": proven.error.to_string(),
                "key_in_doubt": self.in_doubt(&[proven.signer]),
            }),
            Some(Err(error)) => json!({ "proven": false, "kind": ILLEGAL, "what": error.to_string() }),
        }
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        let pairs = self.pairs.iter().map(|one| pair_line(&self.pair_value(one)));
        pairs.chain(self.illegal.as_ref().map(|_| illegal_line(&self.illegal_value())))
    }
}

pub(super) fn verify(said: &Accusation, pins: &Pins, json: bool) -> Result<(), Failure> {
    let judged = Judged::of(said).pinned(said, pins);
    let stranger = judged.stranger(said, pins);
    let proven = judged.count() > 0 && stranger.is_none();
    let registrar = Judged::registrar(said, pins);
    let relay_keys = judged.keys.iter().flat_map(|(keys, _)| keys.all());
    let result = json!({
        "type": "evidence",
        "proven": proven,
        "relay_key": hex::encode(said.relay_key),
        "relay_key_pinned": pins.relay.is_some(),
        "relay_keys": relay_keys.map(|period| hex::encode(period.key.as_bytes())).collect::<Vec<_>>(),
        "registrar_key": registrar.map(|(key, _)| hex::encode(key)),
        "registrar_key_pinned": registrar.is_some_and(|(_, pinned)| pinned),
        "contradictions": judged.pairs.iter().map(|one| judged.pair_value(one)).collect::<Vec<_>>(),
        "illegal": judged.illegal_value(),
    });
    print(json, result, |v| {
        let mut lines: Vec<String> = judged.lines().collect();
        lines.push(compare(v, false));
        lines.join("\n")
    });
    if proven {
        return Ok(());
    }
    let why = match (stranger, judged.first_error()) {
        (Some(stranger), _) => stranger.to_owned(),
        (None, Some(error)) => error.to_string(),
        (None, None) => "it holds nothing".to_owned(),
    };
    Err(Failure::new(
        "D-118",
        exit::INTEGRITY,
        format!("This evidence proves nothing: {why}."),
        "Ask whoever made it for `causeway directory export` besides: a whole directory may show what two heads alone do not.",
    ))
}

/// What whoever may have had the key changes in it.
fn doubt(v: &Value) -> &'static str {
    if v["key_in_doubt"] == true {
        "\n    The key was replaced at once later, because somebody else might have it: ask the registrar since when."
    } else {
        ""
    }
}

fn head_words(head: &Value) -> String {
    format!("{} statements with the root {} at {}", head["size"], text(head, "root"), text(head, "time"))
}

fn pair_line(v: &Value) -> String {
    if v["proven"] != true {
        return format!("not proven: {}", text(v, "what"));
    }
    let said = if v["kind"] == kind_word(Kind::Split) {
        "PROVEN: the relay signed two directories that cannot both be true:"
    } else {
        "PROVEN: the relay went back. It signed fewer statements after it had signed more. Either it was restored from a backup, or its clock was set back, or it hides statements; which of them, the file does not say. Ask its operator, and the registrar what the smaller directory lacks:"
    };
    let (ours, theirs) = (head_words(&v["ours"]), head_words(&v["theirs"]));
    format!("{said}\n    {ours}\n    {theirs}{}", doubt(v))
}

fn illegal_line(v: &Value) -> String {
    if v["proven"] != true {
        return format!("not proven, a statement that nobody may make: {}", text(v, "what"));
    }
    format!(
        "PROVEN: the relay signed a directory with a statement that nobody may make. Statement {}: {}.\n    {}{}",
        v["statement"],
        text(v, "what"),
        head_words(&v["head"]),
        doubt(v),
    )
}
