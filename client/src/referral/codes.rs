//! Code lists. Lists that steer software are closed; lists that describe are open.

use super::spec::CodeList;

macro_rules! lists {
    ($($name:ident = $how:ident $id:literal [$($code:literal)*];)*) => {
        $(pub(super) const $name: CodeList = CodeList::$how($id, &[$($code),*]);)*
    };
}

lists! {
    NIL = closed "nil" ["unknown" "not_asked" "refused" "withheld" "not_applicable"];
    YES_NO = closed "yes-no" ["yes" "no"];
    YES_NO_UNKNOWN = closed "yes-no-unknown" ["yes" "no" "unknown"];
    YES_NO_PARTLY = closed "yes-no-partly" ["yes" "no" "partly"];

    // The header.
    PRIORITY = closed "priority" ["P0" "P1" "P2" "P3"];
    MODE = closed "mode" ["actual" "exercise" "test"];
    URGENCY = closed "cap-urgency" ["Immediate" "Expected" "Future" "Past" "Unknown"];
    SEVERITY = closed "cap-severity" ["Extreme" "Severe" "Moderate" "Minor" "Unknown"];
    CERTAINTY = closed "cap-certainty" ["Observed" "Likely" "Possible" "Unlikely" "Unknown"];
    HANDLING = closed "handling" ["H0" "H1" "H2" "H3"];
    SOURCE = closed "eval-source" ["A" "B" "C" "X"];
    INFORMATION = closed "eval-information" ["1" "2" "3" "4"];
    LEGAL_BASIS = closed "CL-LB" ["consent" "vital" "legal_claim" "public_task" "substantial_public_interest"
        "legal_obligation" "child_protection" "not_for_profit_members" "le_directive"];
    OWNERSHIP = closed "ownership" ["shared" "transfer"];
    REFERENCE = open "reference" ["duplicate_of" "related" "same_subject" "same_suspect"];
    ROLE = open "role" ["HOT" "NGO" "SHL" "POL" "BRD" "EMB" "PRO" "MDC" "ANA"];

    // Consent.
    GIVEN_BY = open "given-by" ["subject" "guardian" "court_representative" "caregiver" "other"];
    CAPACITY = closed "capacity" ["full" "impaired_temporarily" "impaired" "minor"];
    CONSENT_METHOD = open "consent-method" ["written" "oral_witnessed" "oral_recorded" "digital" "gesture_interpreted"];
    PURPOSE = open "CL-PU" ["assistance" "shelter" "return" "medical" "legal_aid" "identity_check" "missing_search"
        "investigation" "prosecution" "witness_protection" "statistics" "research" "media"];
    WITHHOLD = open "withhold" ["fear" "prefers_to_tell_self" "other"];
    TRACING = closed "tracing" ["tell_location" "tell_alive_only" "tell_nothing"];

    // People.
    NAME_TYPE = open "name-type" ["legal" "birth" "maiden" "previous" "alias" "nickname" "working_name" "religious"
        "as_in_mrz" "as_heard"];
    TRANSLIT = open "translit" ["icao9303" "mvd1997" "gost2006" "national" "free" "kler_internal_passport"];
    PERSON_ROLE = open "person-role" ["missing" "possible_victim" "victim" "child_of_victim" "witness" "family"
        "informant" "escort" "suspect" "staff"];
    GENDER = open "prs_Gender" ["Feminine" "Masculine" "TransgenderFeminine" "TransgenderMasculine" "NonConforming"
        "NonSpecifiedUnknown"];
    AGE_BASIS = open "age-basis" ["stated" "estimated_visual" "medical" "document"];
    MINOR = closed "minor" ["yes" "no" "presumed"];
    NATIONALITY_STATUS = open "nationality-status" ["document" "claimed" "presumed"];
    LANGUAGE_LEVEL = open "language-level" ["native" "good" "basic" "none"];
    LITERACY = open "literacy" ["reads" "reads_with_help" "no"];
    PARENT = open "parent" ["father" "mother"];
    RELATION = open "CL-REL" ["mother" "father" "guardian" "spouse" "ex_spouse" "partner" "child" "sibling"
        "grandparent" "other_relative" "friend" "neighbour" "colleague" "employer" "social_worker" "teacher"
        "organisation" "unknown"];
    PHONE_KIND = open "phone-kind" ["mobile" "landline" "toll_free" "messenger" "unknown"];
    CONTACT_OWNER = open "contact-owner" ["subject" "relative" "friend" "employer" "unknown"];
    BUILD = open "build" ["slim" "medium" "heavy" "athletic" "unknown"];
    EYES = open "eye-colour" ["blue" "grey" "green" "brown" "black" "hazel" "other" "unknown"];
    HAIR = open "hair-colour" ["blond" "light_brown" "brown" "dark_brown" "black" "red" "grey" "white" "dyed" "bald" "other"];
    MARK = open "mark" ["scar" "tattoo" "piercing" "birthmark" "mole" "missing_part" "prosthesis" "brand" "other"];
    BODY_PART = open "CL-BP" ["head" "face" "eye" "ear" "nose" "mouth" "neck" "shoulder" "upper_arm" "forearm" "wrist"
        "hand" "finger" "chest" "back" "abdomen" "hip" "buttock" "thigh" "knee" "lower_leg" "ankle" "foot" "toe"
        "whole_body"];
    SIDE = open "side" ["left" "right" "both" "middle"];
    BIOMETRICS = open "biometrics" ["fingerprints" "dna" "dental_chart" "none"];
    PERPETRATOR = open "CL-PR" ["TravellingPartner" "Transporter" "RecruiterOrIntermediary" "BrokerTravelAgent" "Smuggler"
        "Abuser" "Kidnapper" "Exploiter" "Other"];

    // Documents, places, vehicles.
    DOC_TYPE = open "doc-type" ["passport" "diplomatic_passport" "internal_passport" "id_card" "refugee_travel_document"
        "stateless_travel_document" "emergency_travel_document" "laissez_passer" "residence_permit" "visa"
        "birth_certificate" "seaman_book" "driving_licence" "other"];
    HOLDER = open "holder-state" ["held_by_subject" "held_by_exploiter" "lost" "destroyed" "held_by_police"
        "held_by_ngo" "never_had" "forged" "unknown"];
    AUTHENTICITY = open "authenticity" ["genuine" "suspected_forged" "altered" "impostor" "not_examined"];
    PRECISION = open "precision" ["exact" "street" "town" "district" "region" "country"];
    DIRECTION = open "direction" ["entering" "leaving" "transit"];
    BORDER_MODE = open "border-mode" ["road" "rail" "air" "sea" "river" "foot" "green_border"];
    VEHICLE = open "vehicle" ["car" "van" "coach" "truck" "train" "flight" "ferry" "foot" "other"];
    ATTACH_PURPOSE = open "attachment-purpose" ["photo_face" "photo_mark" "document_scan" "statement" "consent_form"
        "medical_report" "ticket" "chat_export" "audio_call" "evidence" "other"];

    // Missing person.
    REPORT_TYPE = closed "report-type" ["missing" "abducted" "forced_stay" "lost_contact" "unidentified_living"
        "unidentified_deceased" "found"];
    CHANNEL = open "channel" ["phone" "sms" "messenger" "email" "social_network" "letter" "in_person" "other"];
    LEFT_FOR = open "left-for" ["work" "study" "marriage" "tourism" "model" "other"];
    TRAFFICKING = closed "CL-TS" ["PossibleVictimOfTrafficking" "ActualVictimOfTrafficking" "NotAVictimOfTrafficking"];
    DECIDED_BY = open "decision-maker" ["Police" "NGO" "CourtOrProsecution" "NonPoliceGovernmentalOrganization" "Other"];
    DANGER = closed "danger" ["immediate_danger" "danger" "unknown" "none"];
    MEDICAL_NEED = open "medical-need" ["medication" "pregnancy" "disability" "suicidal_risk" "injury" "none" "unknown"];
    REPORTED = closed "police-report" ["yes" "no" "refused_by_police"];
    SEARCHES = open "searches" ["interpol_yellow_requested" "interpol_yellow_published" "sis_alert" "icrc_rfl"
        "missing_children_116000" "national_db" "media" "none"];
    ASKED = closed "asked" ["locate" "welfare_check" "verify_identity" "border_watch" "contact_family" "rescue"
        "information_only"];
    PUBLICATION = closed "publication" ["none" "partners_only" "public"];

    // Border alert.
    ALERT_TYPE = closed "alert-type" ["outgoing_victim" "incoming_victim" "minor_with_stranger" "forced_return"
        "exploiter_travelling" "group_transport" "self_rescue_at_border"];
    BORDER_REQUEST = closed "border-request" ["separate_and_interview" "check_documents" "delay_departure"
        "refer_to_ngo" "medical" "do_not_stop_observe" "hold_minor" "inform_only"];

    // Handoff.
    HANDOFF_TYPE = closed "handoff-type" ["return_home" "third_country" "shelter_to_shelter" "police_to_ngo"
        "hospital_to_ngo" "ngo_to_family" "ngo_to_police_witness"];
    ASSESSMENT = open "family-assessment" ["done" "pending"];
    ESCORT = open "escort" ["none" "ngo" "iom" "police" "medical" "family"];
    RISK_LEVEL = closed "risk-level" ["high" "medium" "low"];
    SUPPORT = open "CL-SP" ["Education" "Financial" "Health" "LabourExploitationRehabilitation" "Legal" "Livelihood"
        "RightsBasedTraining" "SexualExploitationRehabilitation" "SocialCare" "safehouse_service"
        "health_medical_service" "psychosocial_service" "police_other_service" "legal_assistance_service"
        "livelihoods_service" "child_protection_service" "family_mediation_service"
        "family_reunification_service" "education_service" "food_service" "other_service"];
    PROCEEDINGS = open "proceedings" ["none" "witness" "victim_party" "suspect"];
    INFORM_BACK = open "information-back" ["arrived_safely" "30_day" "90_day" "closure"];

    // Identity check and its answer.
    CHECK_PURPOSE = closed "check-purpose" ["issue_travel_document" "confirm_nationality" "confirm_minor_age"
        "family_tracing" "verify_document" "deceased_identification"];
    INTERVIEW = open "interview" ["video" "phone" "in_person"];
    RESULT = closed "idr-result" ["confirmed" "not_confirmed" "probable_more_info" "not_our_national" "cannot_check"
        "refused"];
    BASIS = open "idr-basis" ["register_match" "document_genuine" "photo_match" "interview" "relatives"
        "fingerprints" "other"];
    DOCUMENT_STATUS = open "document-status" ["valid" "expired" "cancelled" "lost_stolen" "forged" "unknown"];
    WANTED = closed "wanted-note" ["none" "contact_desk"];
    NEXT_ACTION = open "next-action" ["none" "interview" "send_more" "wait" "collect_document"];
}
