//! HTCDS 2.0, the Human Trafficking Case Data Standard (IOM, CC BY 4.0): tables of cases. The spreadsheet and the form of its
//! toolkit spell the names of fields in two ways and part several codes by `;` or by a space: both are read.

use serde_json::{Map, Value, json};

use super::csv::Table;
use super::fields::{at, codes, put, text};
use super::finding::{Finding, Row};
use crate::referral::{Document, Kind};

/// How a column and a field correspond.
#[derive(Clone, Copy)]
enum As {
    /// The text as it is.
    Text,
    /// A date.
    Date,
    /// `Masculine`, `Feminine` and others as ISO 5218.
    Sex,
    /// A country, two letters.
    Nationality,
    /// A telephone number.
    Phone,
    /// Several codes.
    Codes,
}

/// Column, path in a report, how.
const COLUMNS: &[(&str, &str, As)] = &[
    ("prs_FirstName", "person.names.0.given", As::Text),
    ("prs_SecondName", "person.names.0.family", As::Text),
    ("prs_Birthdate", "person.dob", As::Date),
    ("prs_Gender", "person.sex", As::Sex),
    ("prs_Citizenship", "person.nationalities.0.country", As::Nationality),
    ("prs_HomePhone", "person.phones.0", As::Phone),
    ("vic_TraffickingStatus", "trafficking_status", As::Text),
    ("vic_TraffickingStatusDecisionMakingOrg", "trafficking_status_by", As::Text),
    ("vic_MethodOfRecruitment", "recruitment", As::Codes),
    ("vic_LocationOfRecruitment", "htcds.vic_LocationOfRecruitment", As::Text),
    ("vic_MethodsOfControl", "control", As::Codes),
    ("vic_TypeOfExploitation", "exploitation", As::Codes),
    ("vic_ForcedLabourIndustry", "industry", As::Codes),
    ("vic_TypeOfSexExploitation", "sexual_exploitation", As::Codes),
    ("vic_LocationOfExploitation", "htcds.vic_LocationOfExploitation", As::Text),
    ("cas_Status", "htcds.cas_Status", As::Text),
    ("cas_CaseOwner", "htcds.cas_CaseOwner", As::Text),
    ("cas_ReferringOrganisation", "htcds.cas_ReferringOrganisation", As::Text),
    ("cas_IncomingReferralDate", "htcds.cas_IncomingReferralDate", As::Text),
    ("cas_ReferringPrimaryCaseWorker", "htcds.cas_ReferringPrimaryCaseWorker", As::Text),
    ("cas_ReasonForIncomingReferral", "htcds.cas_ReasonForIncomingReferral", As::Text),
    ("cas_IncomingReferralDetails", "circumstances", As::Text),
    ("cas_ReasonForOutgoingReferral", "htcds.cas_ReasonForOutgoingReferral", As::Text),
    ("cas_OutgoingReferralDate", "htcds.cas_OutgoingReferralDate", As::Text),
    ("cas_ReasonForCaseClosure", "htcds.cas_ReasonForCaseClosure", As::Text),
    ("con_Consent", "htcds.con_Consent", As::Text),
    ("per_RoleInProcess", "htcds.per_RoleInProcess", As::Text),
];

/// Codes of the means of control that the prose of the standard spells in another way than its lists.
const CONTROL: [(&str, &str); 2] = [
    ("ThreatOfLawEnforcement", "ThreatsLawEnforcement"),
    ("PsychoactiveSubstances", "PsychoactiveSubstance"),
];

/// A column by any of its spellings: capitals and `_` after the first do not matter, nor does the plural of the form.
fn column(name: &str) -> Option<&'static (&'static str, &'static str, As)> {
    const ALSO: [(&str, &str); 4] = [
        ("prslastname", "prssecondname"),
        ("prssurname", "prssecondname"),
        ("prsdateofbirth", "prsbirthdate"),
        ("vicmethodsofrecruitment", "vicmethodofrecruitment"),
    ];
    let bare = |name: &str| -> String {
        name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
    };
    let wanted = bare(name);
    let wanted = ALSO.iter().find(|(other, _)| *other == wanted).map_or(wanted.as_str(), |(_, ours)| ours);
    COLUMNS.iter().find(|(column, ..)| bare(column) == wanted)
}

/// A draft of a report for each line.
pub fn rows(table: &Table) -> Result<Vec<Row>, Finding> {
    if !table.header.iter().any(|name| column(name).is_some()) {
        return Err(Finding::new("formats-no-column", "").with("column", "prs_FirstName"));
    }
    Ok((2..).zip(&table.lines).map(|(number, line)| row(number, table, line)).collect())
}

fn row(number: usize, table: &Table, line: &[String]) -> Row {
    let mut fields = Map::new();
    let mut found = Vec::new();
    let mut key = String::new();
    for (name, cell) in table.header.iter().zip(line) {
        let cell = cell.trim();
        if cell.is_empty() {
            continue;
        }
        if matches!(name.to_ascii_lowercase().as_str(), "id" | "case_id" | "cas_id" | "cas_caseid") {
            key = cell.to_owned();
        }
        match column(name) {
            Some((column, path, how)) => take(&mut fields, (column, path, *how), cell, &mut found),
            None => put(&mut fields, &format!("htcds.{}", name.replace('.', "_")), cell),
        }
    }
    put(&mut fields, "report_type", "missing");
    put(&mut fields, "publication", "none");
    found.push(Finding::new("formats-htcds-type", "report_type"));
    let names = fields.get("person").and_then(|person| person.get("names")).is_some();
    if !names && key.is_empty() {
        return Row::refused(number, key, Finding::new("formats-missing", "prs_FirstName"));
    }
    match Kind::from_code("MPR") {
        Some(kind) => Row::of(number, key, Document { kind, fields }, found),
        None => Row { number, key, findings: found, document: None },
    }
}

fn take(
    fields: &mut Map<String, Value>,
    (column, path, how): (&str, &str, As),
    cell: &str,
    found: &mut Vec<Finding>,
) {
    let keep = |fields: &mut Map<String, Value>| put(fields, &format!("htcds.{column}"), cell);
    match how {
        As::Text => match path.strip_prefix("person.names.0.") {
            Some(part) => {
                let person = fields.entry("person").or_insert_with(|| json!({ "role": "victim" }));
                if person.get("names").is_none() {
                    person["names"] = json!([{ "type": "legal" }]);
                }
                person["names"][0][part] = cell.into();
            }
            None => put(fields, path, cell),
        },
        As::Date if crate::referral::values::partial_date(cell).is_some() => put(fields, path, cell),
        As::Date => {
            found.push(Finding::new("formats-htcds-date", column).with("value", cell));
            keep(fields);
        }
        As::Sex => {
            let sex = match cell {
                "Masculine" => 1,
                "Feminine" => 2,
                "TransgenderFeminine" | "TransgenderMasculine" | "NonConforming" => 9,
                _ => 0,
            };
            put(fields, path, sex);
            if sex == 9 {
                put(fields, "person.gender_identity", cell);
            }
        }
        As::Nationality if cell.len() == 2 => {
            put(
                fields,
                "person.nationalities",
                json!([{ "country": cell.to_ascii_uppercase(), "status": "claimed" }]),
            );
        }
        As::Nationality => {
            found.push(Finding::new("formats-pfif-country", column).with("value", cell));
            keep(fields);
        }
        As::Phone if cell.starts_with('+') && cell[1..].bytes().all(|b| b.is_ascii_digit()) => {
            put(fields, "person.phones", json!([cell]))
        }
        As::Phone => put(fields, "person.phones", json!([{ "raw": cell }])),
        As::Codes => {
            let codes: Vec<&str> = cell
                .split([';', ' '])
                .filter(|code| !code.is_empty())
                .map(|code| CONTROL.iter().find(|(other, _)| *other == code).map_or(code, |(_, ours)| ours))
                .collect();
            put(fields, path, codes);
        }
    }
}

/// A line for each document that has a person, in the columns of the spreadsheet.
pub fn of_documents(documents: &[&Map<String, Value>]) -> Table {
    let mut header = vec!["case_id".to_owned(), "mode".to_owned()];
    header.extend(COLUMNS.iter().map(|(column, ..)| (*column).to_owned()));
    let lines =
        documents.iter().filter(|fields| fields.contains_key("person")).map(|fields| line(fields)).collect();
    Table { header, lines }
}

fn line(fields: &Map<String, Value>) -> Vec<String> {
    let first = [text(fields, "case_ref"), Some(text(fields, "mode").unwrap_or_else(|| "actual".into()))];
    let cell = |(_, path, how): &(&str, &str, As)| match how {
        As::Text | As::Date => text(fields, path),
        As::Sex => match (text(fields, "person.gender_identity"), text(fields, path).as_deref()) {
            (Some(identity), _) => Some(identity),
            (None, Some("1")) => Some("Masculine".into()),
            (None, Some("2")) => Some("Feminine".into()),
            (None, _) => Some("NonSpecifiedUnknown".into()),
        },
        As::Nationality => text(fields, path),
        As::Phone => at(fields, path).and_then(super::fields::words),
        As::Codes => Some(codes(fields, path).join(";")),
    };
    first.into_iter().chain(COLUMNS.iter().map(cell)).map(Option::unwrap_or_default).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::csv::{self, Style};

    #[test]
    fn both_spellings_both_separators_and_the_way_back() {
        for text in [
            "case_id,prs_FirstName,prs_SecondName,prs_Gender,prs_Citizenship,vic_MethodsOfControl,vic_TypeOfExploitation\n17,Anna,Ivanova,Feminine,MD,ThreatsLawEnforcement;UsesChildren,ForcedLabour\n",
            "case_id;prs_First_Name;prs_Last_Name;prs_Gender;prs_Citizenship;vic_Methods_of_Control;vic_Type_of_Exploitation\n17;Anna;Ivanova;Feminine;md;ThreatOfLawEnforcement UsesChildren;ForcedLabour\n",
        ] {
            let row = rows(&csv::read(text.as_bytes()).unwrap()).unwrap().remove(0);
            let fields = row.document.unwrap_or_else(|| panic!("{:?}", row.findings)).fields;
            assert_eq!(row.key, "17");
            assert_eq!(
                fields["person"]["names"][0],
                json!({"type": "legal", "given": "Anna", "family": "Ivanova"})
            );
            assert_eq!(fields["person"]["sex"], 2);
            assert_eq!(fields["control"], json!(["ThreatsLawEnforcement", "UsesChildren"]));
            let back = csv::write(&of_documents(&[&fields]), Style::default());
            let again = rows(&csv::read(&back).unwrap()).unwrap().remove(0).document.unwrap().fields;
            for path in ["person", "control", "exploitation"] {
                assert_eq!(again[path], fields[path], "{path}");
            }
        }
        assert_eq!(rows(&csv::read(b"a,b\n1,2\n").unwrap()).unwrap_err().code(), "formats-no-column");
    }
}
