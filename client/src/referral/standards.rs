//! Short codes of other standards: money, places of transport, and who issued a document under which number. A shape that cannot be
//! right is refused; a spelling that is only untidy is put right without asking ([`super::tidy`]).

use super::check::Check;
use super::problem::{VALUE, Words};
use super::spec::{Field, Type};
use super::{Level, values};
use serde_json::{Map, Value};

/// Longest number of a document.
pub(super) const NUMBER_CHARS_MAX: usize = 20;

/// Documents that follow ICAO 9303, with their numbers in its alphabet. Birth certificates, internal passports and licences have
/// numbers of their own country: `IV-АИ № 123456`.
const OF_ICAO: [&str; 9] = [
    "passport",
    "diplomatic_passport",
    "id_card",
    "refugee_travel_document",
    "stateless_travel_document",
    "emergency_travel_document",
    "laissez_passer",
    "residence_permit",
    "visa",
];

/// A currency (ISO 4217). Those that the euro has replaced since 2023 are among them: debts are older.
pub(super) fn currency(text: &str) -> bool {
    text.len() == 3 && CURRENCIES.split_ascii_whitespace().any(|code| code == text)
}

/// A place of trade and transport (UN/LOCODE): a country, and three characters without 0 and 1. `XZ` is no country's.
pub(super) fn locode(text: &str) -> bool {
    let of = |part: &str| part == "XZ" || values::country(part);
    text.len() == 5
        && text.is_ascii()
        && of(&text[..2])
        && text[2..].bytes().all(|b| b.is_ascii_uppercase() || (b'2'..=b'9').contains(&b))
}

/// An airport, by its three letters (IATA).
pub(super) fn airport(text: &str) -> bool {
    capitals(text, 3)
}

/// Who issued a document, as it says itself (ICAO 9303-3): three letters, and Germany's one. Only the shape is asked for: a forged
/// document may name a country that does not exist.
pub(super) fn issuer(text: &str) -> bool {
    text == "D" || capitals(text, 3)
}

fn capitals(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_uppercase())
}

/// A number in the alphabet of ICAO 9303.
pub(super) fn number(text: &str) -> bool {
    (1..=NUMBER_CHARS_MAX).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// The number of a document that follows ICAO 9303; none if this is no such document.
pub(super) fn number_of_icao(fields: &[Field]) -> impl Fn(&Map<String, Value>) -> bool {
    let numbered = fields.iter().any(|f| f.name == "number" && matches!(f.holds, Type::DocumentNumber));
    move |map| {
        let kind = map.get("doc_type").or_else(|| map.get("type"));
        let code = kind.and_then(|kind| kind.get("code").unwrap_or(kind).as_str());
        numbered && code.is_some_and(|code| OF_ICAO.contains(&code))
    }
}

impl Check {
    /// A number is as it is printed; in a travel document that is the alphabet of its standard.
    pub(super) fn document_number(&mut self, fields: &[Field], map: &Map<String, Value>, path: &str) {
        let Some(text) = map.get("number").and_then(Value::as_str) else { return };
        if self.level == Level::Send && number_of_icao(fields)(map) && !number(text) {
            let path = format!("{path}.number");
            // Too long or empty is reported already.
            if !self.found.iter().any(|p| p.path == path) {
                self.report(&path, VALUE, Words::of("problem-value"), Words::of("wanted-icao-number"));
            }
        }
    }
}

const CURRENCIES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF \
    CHW CLF CLP CNY COP COU CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL \
    HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA \
    MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB \
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI \
    UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG ZWL";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_the_standards() {
        assert!(currency("EUR") && currency("MDL") && currency("RUB") && currency("BYN"));
        assert!(!currency("RUR") && !currency("eur") && !currency("EU") && !currency("€"));
        assert!(CURRENCIES.split_ascii_whitespace().all(|code| capitals(code, 3)));
        assert!(CURRENCIES.split_ascii_whitespace().is_sorted_by(|a, b| a < b), "each once");
        assert!(locode("MDKIV") && locode("XZSEA") && locode("DE2AB"));
        assert!(
            !locode("MD KIV") && !locode("ZZKIV") && !locode("MDKI1") && !locode("МДКИВ") && !locode("MDKÄ")
        );
        assert!(airport("KIV") && !airport("K1V") && !airport("kiv") && !airport("LUKK"));
        assert!(issuer("RUS") && issuer("D") && issuer("XXA") && !issuer("RU") && !issuer("RU5"));
        assert!(number("AB1234567") && !number("71 1234567") && !number("аб123") && !number(""));
        assert!(number(&"9".repeat(NUMBER_CHARS_MAX)) && !number(&"9".repeat(NUMBER_CHARS_MAX + 1)));
    }
}
