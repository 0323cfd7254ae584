//! A relay that holds the right key and lies, and members that do not keep the rules: what the user is told, and that
//! nothing is lost or believed.
//!
//! The lies are told in memory by `hostile::liar`, after the handshake; the members are `hostile::rogue`.
//!
//! | who | attack | test |
//! |---|---|---|
//! | relay | drops a packet that it has signed for | `receipts::a_packet_that_is_signed_for_and_dropped…`, `receipts::a_relay_that_owns_up_to_a_loss…` |
//! | relay | delays, withholds | `delivery::a_withheld_packet_leaves_a_gap…`, `keys::withheld_keys_and_rosters…`, `keys::what_proves_a_sender_is_waited_for…` |
//! | relay | answers late what an alarm does not need | `alarms` |
//! | relay | reorders, duplicates, replays | `delivery::packets_in_the_wrong_order…`, `…comes_again_and_again…`, `…forgets_acknowledgements…`, `…an_old_packet_is_dead…` |
//! | relay | swaps keys, serves another organisation's device | `keys::whatever_is_not_the_recipients_key…` |
//! | relay | gives the last-resort key only | `keys::a_relay_that_withholds_one_time_keys…` |
//! | relay | denies having keys | `keys::a_relay_that_denies_having_keys…` |
//! | relay | shows two directories | `directory::a_split_view_comes_out…`, `directory::a_relay_that_changes_its_history…` |
//! | relay | rolls the directory back, withholds a revocation | `directory::a_rolled_back_directory…`, `directory::a_relay_from_yesterdays_backup…` |
//! | relay | goes back, withholds, lets in what nobody may say; and what of it others can check | `evidence`, `illegal` |
//! | relay | makes up a directory | `directory::whatever_is_no_directory…`, `directory::another_registrars_directory…` |
//! | relay | swaps ciphertexts, edits the outer header, cuts or stretches a packet | `delivery::no_part_of_an_envelope…`, `…what_is_inside_two_packets…`, `…a_wrap_that_opens_nothing…` |
//! | relay | spoils packets so that they do not open, pushes garbage for ever | `unopened` |
//! | relay | delivers to the wrong organisation | `delivery::a_packet_for_somebody_else…` |
//! | relay | forges receipts, refusals, expiries | `receipts` |
//! | relay | exchanges, cuts, refuses attachments, falls silent | `attachments` |
//! | relay | answers with anything, or not at all; never lets go | `frames::whatever_the_relay_says…`, `delivery::garbage_on_a_push_stream…`, `delivery::a_relay_that_always_says…` |
//! | relay | learns the sender from its disk | relay `requests::nothing_stored_says_who_sent` |
//! | relay | another key at the address | certs `quic::tests::another_relay_key_is_refused` |
//! | relay | swaps, replays, keeps back a new device's request; says that it is let in | `linking` |
//! | member | floods, keeps streams waiting, reads nothing | `frames::a_flood…`, `frames::a_member_that_keeps_every_stream…`; relay `connections::a_stuck_reader…` |
//! | member | oversize and malformed frames, random bytes | `frames::what_is_no_request…`, `frames::random_bytes…` |
//! | member | drains a partner's prekeys | `frames::who_takes_a_partners_keys…` |
//! | member | claims another sender or another directory | `members::who_claims_to_be_another…` |
//! | member | replays an old packet | `members::a_packet_that_was_delivered…` |
//! | member | re-addresses a received packet | client `seal::tests::forged::every_way_of_being_wrong…` (`Readdressed`) |
//! | member | forges a status change, a receipt | `members::nobody_changes_the_state…`, `members::only_a_recipient_signs…` |
//! | member | is first with another packet's name | `members::who_is_first_with_anothers_packet_name…` |
//! | member | sends two devices different texts | client `seal::tests::forged`, `seal::caead` (the commitment) |
//! | stranger | speaks before Hello, asks for anything | `frames::nobody_speaks_before_hello…`, `frames::a_stranger_gets_no_further…` |
//!
//! Proven elsewhere too, and not repeated: a checkpoint with one changed byte (certs `checkpoint::tests`), every illegal step
//! of the directory (certs `directory::tests`), every changed bit of an envelope (client
//! `seal::tests::forged::no_bit_of_an_envelope_can_change`), every way of damaging a blob (client `seal::attachment`).
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

mod hostile_relay {
    mod alarms;
    mod attachments;
    mod delivery;
    mod directory;
    mod evidence;
    mod frames;
    mod illegal;
    mod keys;
    mod linking;
    mod members;
    mod old_head;
    mod receipts;
    mod restored;
    mod unopened;
}
