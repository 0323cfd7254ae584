# What is said about a referral before it is sent: checklists, indicators, needs.

code-deprecated = deprecated since version { $since }
check-nothing-wrong = Nothing is wrong with it.
check-refused = It cannot be sent like this. Nothing was queued.
    .hint = Correct the fields named above; docs/samples has complete examples.

check-yellow = Ready for an INTERPOL yellow notice
check-yellow-unidentified = Ready for an INTERPOL yellow notice about an unidentified person
check-amber = Criteria of a child abduction (AMBER) alert
check-family = Family name
check-given = Given name
check-sex = Sex
check-birth-year = Year of birth
check-description = Description, photograph, DNA or fingerprints
check-police = Reported to the police and recorded
check-whereabouts = Whereabouts unknown
check-minor-or-privacy = A minor, or the privacy condition for an adult is met (privacy_condition)
check-physical = Description
check-photo-or-traces = Photograph, fingerprints or DNA
check-abduction = Police believe that the child was abducted
check-minor = A minor
check-danger = Serious danger

screening-adult = Indicators of trafficking for forced labour (ILO/EC 2009, adult)
screening-child = Indicators of trafficking for forced labour (ILO/EC 2009, child)
screening-possible = The pattern is that of possible trafficking.
screening-not-enough = What is ticked does not add up to the pattern.
screening-D1 = Deceptive recruitment: positive
screening-D2 = Coercive recruitment: positive
screening-D3 = Recruitment by abuse of vulnerability: positive
screening-D4 = Exploitative conditions of work: positive
screening-D5 = Coercion at destination: positive
screening-D6 = Abuse of vulnerability at destination: positive
screening-unknown = Not counted, because this version does not know them: { $codes }
screening-no-determination = A screening hint, not a legal determination. It is not sent.

need-draft = {" "}(needed)
need-send = {" "}(needed to send)
need-filled = {" "}(filled in if you do not)

kind-unknown = There is no kind “{ $word }”. Kinds are:
kind-unknown-list = There is no list of codes “{ $word }”. All lists:
