//! Code lists. Lists that steer software are closed; lists that describe are open.
//!
//! Lists marked `htcds` are those of the Human Trafficking Case Data Standard 2.0 (HTCDS, IOM, CC BY 4.0) in its own
//! spelling, errors and all; codes that begin with `x_` are additions of this project to them.
//!
//! A code that is given up stays in its list and behind it with the version since which: `[… ] deprecated ["old" "1.1"]`.

use super::spec::CodeList;

macro_rules! lists {
    ($($name:ident = $how:ident $id:literal [$($code:literal)*] $(deprecated [$($old:literal $since:literal)*])?;)*) => {
        $(pub(super) const $name: CodeList =
            CodeList::$how($id, &[$($code),*]).deprecating(&[$($(($old, $since)),*)?]);)*

        /// All lists of this version.
        pub(super) const LISTS: &[&CodeList] = &[$(&$name),*];
    };
}

lists! {
    NIL = closed "nil" ["unknown" "not_asked" "refused" "withheld" "not_applicable"];
    KIND = closed "kind" ["MPR" "BIA" "VHO" "IDQ" "IDR" "HIC" "SCP" "SPR" "SPA" "EVH" "ODH" "CUP"];
    SEX = closed "sex" ["0" "1" "2" "9"];
    SECTION = closed "section" ["HDR" "IDN" "PHO" "DOC" "CON" "LOC" "TRA" "EXP" "MED" "LEG" "SUS" "EVI" "FAM" "RSK" "CNS"
        "OPS" "STA"];
    YES_NO = closed "yes-no" ["yes" "no"];
    YES_NO_UNKNOWN = closed "yes-no-unknown" ["yes" "no" "unknown"];
    YES_NO_PARTLY = closed "yes-no-partly" ["yes" "no" "partly"];
    YES_NO_NOT_YET = closed "yes-no-not-yet" ["yes" "no" "not_yet"];

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
    ROLE = open "role" ["HOT" "NGO" "SHL" "POL" "BRD" "EMB" "PRO" "MDC" "ANA" "RLY"];
    ACCEPTANCE = closed "mode-of-acceptance" ["first_accept_wins" "each"];
    OVERRIDE = closed "override-reason" ["vital_interest" "child_protection" "court_order" "legal_obligation"];
    ORGANISATION = htcds "CL-OT" ["NGO" "LawEnforcement" "HealthServiceOrganisation" "CentralGovernmentOrganisation"
        "LocalGovernmentOrganisation" "ImmigrationService" "LegalService" "CorporateBusiness" "SchoolOrCollege"
        "x_Embassy" "x_Shelter" "x_Hotline" "x_IntlOrg" "x_Prosecution"];

    // Consent.
    GIVEN_BY = open "given-by" ["subject" "guardian" "court_representative" "caregiver" "other"];
    CAPACITY = closed "capacity" ["full" "impaired_temporarily" "impaired" "minor"];
    CONSENT_METHOD = open "consent-method" ["written" "oral_witnessed" "oral_recorded" "digital" "gesture_interpreted"];
    PURPOSE = closed "CL-PU" ["assistance" "shelter" "return" "medical" "legal_aid" "identity_check" "missing_search"
        "investigation" "prosecution" "witness_protection" "statistics" "research" "media"];
    WITHHOLD = open "withhold" ["fear" "prefers_to_tell_self" "other"];
    TRACING = closed "tracing" ["tell_location" "tell_alive_only" "tell_nothing"];

    // People.
    NAME_TYPE = open "name-type" ["legal" "birth" "maiden" "previous" "alias" "nickname" "working_name" "religious"
        "as_in_mrz" "as_heard"];
    TRANSLIT = open "translit" ["icao9303" "mvd1997" "gost2006" "national" "free" "kler_internal_passport"];
    PERSON_ROLE = open "person-role" ["missing" "possible_victim" "victim" "child_of_victim" "witness" "family"
        "informant" "escort" "suspect" "staff"];
    GENDER = htcds "prs_Gender" ["Feminine" "Masculine" "TransgenderFeminine" "TransgenderMasculine" "NonConforming"
        "NonSpecifiedUnknown"];
    AGE_BASIS = open "age-basis" ["stated" "estimated_visual" "medical" "document"];
    MINOR = closed "minor" ["yes" "no" "presumed"];
    NATIONALITY_STATUS = open "nationality-status" ["document" "claimed" "presumed"];
    LANGUAGE_LEVEL = open "language-level" ["native" "good" "basic" "none"];
    LITERACY = open "literacy" ["reads" "reads_with_help" "no"];
    MARITAL = open "marital" ["single" "married" "partnership" "separated" "divorced" "widowed" "unknown"];
    EDUCATION = open "ISCED-2011" ["ISCED_0" "ISCED_1" "ISCED_2" "ISCED_3" "ISCED_4" "ISCED_5" "ISCED_6" "ISCED_7" "ISCED_8"];
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
    PERPETRATOR = htcds "CL-PR" ["TravellingPartner" "Transporter" "RecruiterOrIntermediary" "BrokerTravelAgent" "Smuggler"
        "Abuser" "Kidnapper" "Exploiter" "Other" "TransferredIndividual" "ControlledIndividual"];

    // Documents, places, vehicles.
    DOC_TYPE = open "doc-type" ["passport" "diplomatic_passport" "internal_passport" "id_card" "refugee_travel_document"
        "stateless_travel_document" "emergency_travel_document" "laissez_passer" "residence_permit" "visa"
        "birth_certificate" "seaman_book" "driving_licence" "other"];
    HOLDER = open "holder-state" ["held_by_subject" "held_by_exploiter" "lost" "destroyed" "held_by_police"
        "held_by_ngo" "never_had" "forged" "unknown"];
    AUTHENTICITY = open "authenticity" ["genuine" "suspected_forged" "altered" "impostor" "not_examined"];
    MRZ_CHECK = closed "mrz-check" ["ok" "fail" "na"];
    PRECISION = open "precision" ["exact" "street" "town" "district" "region" "country"];
    DIRECTION = open "direction" ["entering" "leaving" "transit"];
    BORDER_MODE = open "border-mode" ["road" "rail" "air" "sea" "river" "foot" "green_border"];
    VEHICLE = open "vehicle" ["car" "van" "coach" "truck" "train" "flight" "ferry" "foot" "other"];
    MEDIA_TYPE = closed "media-type" ["image/jpeg" "image/png" "application/pdf" "audio/ogg" "audio/mp4" "video/mp4"
        "text/plain" "application/json" "application/xml"];
    ATTACH_PURPOSE = open "attachment-purpose" ["photo_face" "photo_mark" "document_scan" "statement" "consent_form"
        "medical_report" "ticket" "chat_export" "audio_call" "evidence" "other"];

    // What happened.
    EXPLOITATION = htcds "CL-EX" ["ForcedLabour" "SexualExploitation" "ChildLabour" "ForcedMarriage" "Servitude"
        "ForcedMilitaryByNonStateActors" "OrganRemoval" "ForcedBegging" "ForcedAdoption" "Surrogacy" "Other"
        "x_ForcedCriminality" "x_OnlineScamCompound" "x_NotYetExploited" "x_Unknown"];
    SEXUAL = htcds "CL-EX-sexual" ["Prostitution" "Pornography" "RemoteInteractiveServices" "PrivateSexualServices"];
    INDUSTRY = htcds "CL-IN" ["A_AgricultureForestryAndFishing" "B_MiningAndQuarrying" "C_Manufacturing"
        "D_ElectricityGasSteamAndAirConditioningSupply" "E_WaterSupplySewerageWasteManagement" "F_Construction"
        "G_WholesaleAndRetailTradeRepairOfMotorVehicles" "H_TransportationAndStorage"
        "I_AccommodationAndFoodServiceActivities" "J_InformationAndCommunication" "K_FinancialAndInsuranceActivities"
        "L_RealEstateActivities" "M_ProfessionalScientificAndTechnicalActivities"
        "N_AdministrativeAndSupportServiceActivities" "O_PublicAdministrationAndDefence" "P_Education"
        "Q_HumanHealthAndSocialWorkActivities" "R_ArtsEntertainmentAndRecreation" "S_OtherServiceActivities"
        "T_ActivitiesOfHouseholdsAsEmployers" "U_ActivitiesOfExtraterritorialOrganizations"];
    CONTROL = htcds "CL-MC" ["PhysicalThreats" "ThreatsLawEnforcement" "ThreatensChildrenFamily" "DebtBondage"
        "FalsePromises" "PhysicalAbuse" "SexualAbuse" "TakesEarnings" "RestrictsFinancialAccess" "RestrictsMedicalCare"
        "WithholdsNecessities" "PsychologicalAbuse" "PsychoactiveSubstance" "ExcessiveWorkingHours" "WithholdsDocuments"
        "Other" "RestrictsMovement" "UsesChildren"];
    RECRUITMENT = htcds "CL-RM" ["AtAPlaceOfBusiness" "AtAnEducationalInstitution" "AtWork" "ThroughOnlineSocialNetworks"
        "ThroughAnOnlineAdvertisement" "ThroughATelevisionAdvert" "ThroughANewspaperAdvert" "ThroughFamilyOrFamilyEvents"
        "ThroughFriendsOrSocialEvents" "Other" "x_MarriageAgency" "x_ModelAgency" "x_TravelAgency" "x_LabourAgency"
        "x_Abduction"];
    TRAFFICKER = htcds "CL-RT" ["Familial" "Acquainted" "Unaquainted"];
    CASE_STATUS = htcds "CL-CS" ["Active" "FollowUp" "Closed" "ClosedReferred"];
    REFERRED_FOR = htcds "CL-RR" ["AdditionalServicesRequired" "MigrationOrChangeOfLocation" "Other"];
    EVENT_TYPE = htcds "CL-EV" ["Recruitment" "Transit" "Exploitation"];
    MIGRATION = htcds "CL-MS" ["Family" "Visitor/Tourist" "Labour" "Student" "Irregular" "asylum_seeker" "refugee"
        "stateless" "returnee" "citizen"];

    // Missing person.
    REPORT_TYPE = closed "report-type" ["missing" "abducted" "forced_stay" "lost_contact" "unidentified_living"
        "unidentified_deceased" "found"];
    CHANNEL = open "channel" ["phone" "sms" "messenger" "email" "social_network" "letter" "in_person" "other"];
    LEFT_FOR = open "left-for" ["work" "study" "marriage" "tourism" "model" "other"];
    TRAFFICKING = htcds_closed "CL-TS" ["PossibleVictimOfTrafficking" "ActualVictimOfTrafficking" "NotAVictimOfTrafficking"];
    DECIDED_BY = htcds "decision-maker" ["Police" "NGO" "CourtOrProsecution" "NonPoliceGovernmentalOrganization" "Other"];
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
    SUPPORT = htcds "CL-SP" ["Education" "Financial" "Health" "LabourExploitationRehabilitation" "Legal" "Livelihood"
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

    BIA_OUTCOME = closed "bia-outcome" ["intercepted_and_referred" "interviewed_released" "not_found" "already_crossed"
        "refused_help" "detained_other_reason" "wrong_information" "handed_to_ngo" "handed_to_other_country"];
    BIA_NEXT = open "bia-next" ["none" "VHO" "MPR"];

    // Hotline.
    CONTACT_CHANNEL = closed "contact-channel" ["phone" "callback" "sms" "messenger" "email" "web" "walk_in" "letter"];
    CALLER = open "CL-CR" ["self_victim" "family" "partner" "friend" "client_of_sex_worker" "employer_or_colleague"
        "bystander" "ngo" "police" "border_guard" "embassy" "medical" "school" "journalist" "carrier_staff" "anonymous"
        "wrong_number" "abusive" "silent"];
    CALL = open "CL-CC" ["crisis" "tip" "service_request" "referral_request" "general_information" "training_request"
        "prevention_advice" "follow_up" "unrelated" "hang_up"];
    ASKED_FOR = open "asked-for" ["rescue" "emergency_shelter" "transport" "police_contact" "embassy_contact" "legal"
        "medical" "psych" "advice" "search_person" "job_check" "other"];
    GIVEN = open "given" ["advice" "referral_police" "referral_ngo" "referral_embassy" "referral_shelter"
        "callback_agreed" "information_only" "none"];
    HEARD = open "how-heard" ["poster" "internet" "social_media" "tv_radio" "friend" "ngo" "police" "embassy" "airport"
        "previous_call" "unknown"];
    DISTRESS = open "operator-distress" ["none" "some" "needs_debrief"];
    AGE_BAND = closed "age-band" ["0-8" "9-17" "18-20" "21-23" "24-26" "27-29" "30-38" "39-47" "48+"];

    // Shelters.
    UNIT = closed "capacity-unit" ["bed" "room" "family_room" "cot" "places_day_programme"];
    GUESTS = closed "guest-group" ["women" "women_with_children" "girls" "boys" "men" "mixed_family" "trans_safe"];
    ACCEPTS = open "accepts" ["minors_alone" "boys_up_to_age" "pregnant" "infants" "wheelchair" "substance_use"
        "psychiatric" "pets" "no_documents" "foreign_nationals" "after_hours"];
    SECURITY = open "security" ["standard" "high"];
    PAPERS = open "papers" ["none" "partial" "full"];
    CLEARANCE = open "medical-clearance" ["yes" "no" "needed"];
    DECISION = closed "placement-decision" ["offered" "offered_from" "waiting_list" "declined"];

    // Evidence and witnesses.
    STAGE = open "proceeding-stage" ["pre_investigation" "investigation" "trial" "appeal" "compensation"];
    WITNESS = open "witness-role" ["victim_witness" "witness" "civil_party" "expert"];
    WILLING = closed "willing" ["yes" "yes_with_protection" "undecided" "no"];
    PROTECTION = open "protection-needs" ["anonymity" "screen" "video_link" "pre_recorded_testimony" "court_escort"
        "relocation" "identity_change" "interpreter" "support_person" "same_sex_interviewer" "childcare"
        "no_confrontation"];
    STATEMENT = open "statement-type" ["written" "audio" "video" "summary"];
    EVIDENCE = open "evidence-category" ["phone" "chat_export" "photo" "video" "contract" "ticket" "payment_record"
        "travel_document" "clothing" "medical_report" "notebook" "other"];
    ORIGINAL = closed "original-or-copy" ["original" "copy"];

    // Hours of duty.
    WEEKDAY = closed "weekday" ["mon" "tue" "wed" "thu" "fri" "sat" "sun"];

    // Steps of a referral.
    EVENT = open "event" ["accept" "decline" "info_request" "info_reply" "start" "hold" "resume" "handed_over" "complete"
        "fail" "close" "object" "reopen" "withdraw" "cancel_confirm" "cancel_refuse" "error" "recuse" "reassign"
        "delay_notice" "possible_match" "located" "safe" "deceased" "consent_withdrawn" "correction" "erase_request"
        "erase_done" "erase_refuse" "onward_approved" "progress" "decline_late" "key_compromise_note" "deadline_missed"];
    STATE = closed "state" ["draft" "sent" "received" "seen" "info_requested" "accepted" "in_progress" "on_hold"
        "handed_over" "completed" "closed" "declined" "withdraw_requested" "withdrawn" "expired" "failed"
        "entered_in_error"];
    DECLINED = closed "CL-DR" ["no_capacity" "out_of_scope" "out_of_area" "no_legal_mandate" "conflict_of_interest"
        "insufficient_information" "duplicate" "subject_refused" "safety_risk" "cannot_verify_sender"
        "language_not_available" "other"];
    CLOSED = closed "CL-CL" ["goal_reached" "returned_home" "integrated" "reunified" "handed_to_other_org"
        "subject_withdrew" "lost_contact" "deceased" "not_a_victim" "duplicate" "false_report" "expired"
        "prosecution_ended" "other"];
    INFO_REASON = closed "CL-HF" ["identity_unclear" "document_copy_needed" "consent_missing" "location_needed"
        "medical_needs" "legal_status" "photo_needed" "contact_needed" "other"];
    STEP_REASON = closed "step-reason" ["waiting_for_documents" "waiting_for_decision" "subject_unavailable" "no_result"
        "other_accepted" "no_longer_needed" "sent_by_mistake" "already_under_way" "validity_over"];
    OUTCOME = open "outcome" ["done" "partly_done" "not_possible" "arrived_safely" "person_found" "safe" "placed"
        "document_issued" "no_result" "other"];
    FAMILY_CONTACT = closed "wants-contact" ["yes" "message_only" "no"];
    MATCH_CLASS = closed "match-class" ["likely" "possible"];
}
