use jiff::Timestamp;

use super::{Note, Progress, State, Submission, World, texts};
use crate::ambient::Clock;
use crate::organisation::TestOrganisation;
use crate::xml::parse;

fn world(most: usize) -> World {
    let organisation = TestOrganisation::embedded().unwrap();
    let clock = Clock::fixed(Timestamp::from_second(1_793_000_000).unwrap());
    World::keeping(&organisation.file, clock, most)
}

fn see(world: &World, system: &str, vorgang: &str, state: State, message: &str) {
    let root = parse(message.as_bytes()).unwrap().root;
    let system = system.into();
    let note = Note { system: &system, vorgang, state: Some(state), aktenzeichen: None };
    world.note(note, || texts(&root));
}

const ANTRAG: &str = "<A><Antragsteller><V>Jürgen</V><F>Müßiggang</F><G>1971-12-31</G></Antragsteller>\
    <Betrieb><N>Backstube Ährenkranz</N><R>HRA 12</R></Betrieb>\
    <Vertreter><V>Zoë Marie</V><F>Çelik-Probst</F><G>1999-07-01</G></Vertreter></A>";

#[test]
fn a_case_is_about_whom_its_message_names_first() {
    let world = world(9);
    see(&world, "fv", "PS-0000000000A1", State::Zugestellt, ANTRAG);
    let case = world.case("PS-0000000000A1").unwrap();
    assert_eq!(case.person.unwrap().id, "p2");
    assert_eq!(case.business.unwrap().id, "b2");
    assert_eq!(case.aktenzeichen, "GEW 0000000000A1/2026");
}

#[test]
fn attributes_and_german_days_are_read_and_half_a_person_is_nobody() {
    let world = world(9);
    let b = "<import><inhaber vorname=\"Zoë Marie\" name=\"Çelik-Probst\" geboren=\"01.07.1999\"/></import>";
    see(&world, "fv", "PS-0000000000A1", State::Zugestellt, b);
    assert_eq!(world.case("PS-0000000000A1").unwrap().person.unwrap().id, "p3");
    let half = "<A><V>Jürgen</V><F>Müßiggang</F><G>1999-07-01</G><N>Backstube Ährenkranz</N></A>";
    see(&world, "fv", "PS-0000000000A2", State::Zugestellt, half);
    let case = world.case("PS-0000000000A2").unwrap();
    assert!(case.person.is_none() && case.business.is_none());
    // A later message that says it is enough.
    see(&world, "fv", "PS-0000000000A2", State::Nachgereicht, ANTRAG);
    assert_eq!(world.case("PS-0000000000A2").unwrap().person.unwrap().id, "p2");
}

#[test]
fn the_state_is_the_furthest_that_was_seen_whatever_came_in_first() {
    let world = world(9);
    let v = "PS-0000000000A1";
    let state = || world.case(v).unwrap().state_text();
    see(&world, "fv", v, State::Zugestellt, "<A/>");
    see(&world, "portal", v, State::Eingereicht, "<A/>");
    assert_eq!(state(), "zugestellt");
    see(&world, "dms", v, State::Abgelegt, "<A/>");
    see(&world, "dms", v, State::Abgelegt, "<A/>");
    see(&world, "portal", v, State::Bestaetigt, "<A/>");
    assert_eq!(state(), "bestätigt");
    for round in ["Unterlagen nachgefordert", "Unterlagen nachgereicht"].repeat(2) {
        let (system, seen) = match round {
            "Unterlagen nachgefordert" => ("portal", State::Nachgefordert),
            _ => ("fv", State::Nachgereicht),
        };
        see(&world, system, v, seen, "<A/>");
        assert_eq!(state(), round);
    }
    see(&world, "portal", v, State::Abgelehnt, "<A/>");
    assert_eq!(state(), "abgelehnt");
    let case = world.case(v).unwrap();
    let filed = case.facts.iter().find(|f| f.state == State::Abgelegt).unwrap();
    assert_eq!((filed.count, case.facts.len()), (2, 7));
    assert_eq!(case.systems.len(), 3);
}

#[test]
fn a_file_number_that_another_made_up_is_seen() {
    let world = world(9);
    let told = |system: &str, number: &str| {
        let system = system.into();
        let aktenzeichen = Some(number.to_owned());
        let note = Note { system: &system, vorgang: "PS-0000000000A1", state: None, aktenzeichen };
        world.note(note, Vec::new);
    };
    told("dms", "GEW 0000000000A1/2026");
    assert!(world.case("PS-0000000000A1").unwrap().other_numbers().is_empty());
    told("portal", "GEW 1/1999");
    let case = world.case("PS-0000000000A1").unwrap();
    assert_eq!(case.other_numbers(), [(&"portal".into(), "GEW 1/1999")]);
}

#[test]
fn only_the_last_cases_are_kept_and_file_numbers_stay() {
    let world = world(3);
    for n in 0..1_000 {
        see(&world, "fv", &format!("PS-{n:012}"), State::Zugestellt, "<A/>");
    }
    // Again and again the same case is one case, and no case at all is none.
    see(&world, "fv", "PS-000000000999", State::Zugestellt, "<A/>");
    see(&world, "fv", "unbekannt", State::Zugestellt, "<A/>");
    assert_eq!(world.count(), (3, 997));
    let latest: Vec<String> = world.latest(2).into_iter().map(|c| c.vorgang).collect();
    assert_eq!(latest, ["PS-000000000999", "PS-000000000998"]);
    assert!(world.case("PS-000000000000").is_none());
    assert_eq!(world.aktenzeichen("PS-000000000000"), "GEW 000000000000/2026");
}

#[test]
fn the_applicant_sees_the_postfach_only() {
    let world = world(9);
    let v = "PS-0000000000A1";
    let submission = Submission {
        portal: "portal".into(),
        application: "a".into(),
        title: "A".into(),
        nachricht: "n".into(),
        to: "http://127.0.0.1:1/".into(),
        time: Timestamp::UNIX_EPOCH,
        progress: Progress::Gesendet,
        transaktion: None,
        grund: None,
        text: None,
    };
    world.submitting(v, submission, world.person(Some("p2")), None);
    let seen = || world.case(v).unwrap().seen_by_applicant();
    assert_eq!((seen(), world.case(v).unwrap().state_text()), ("gesendet", "gesendet"));
    see(&world, "fv", v, State::Zugestellt, "<A/>");
    assert_eq!((seen(), world.case(v).unwrap().state_text()), ("gesendet", "zugestellt"));
    world.submitted(v, "n", |s| s.progress = Progress::Angenommen);
    assert_eq!(seen(), "angenommen");
    see(&world, "portal", v, State::Bestaetigt, "<A/>");
    assert_eq!(seen(), "bestätigt");
    let json = world.case(v).unwrap().application_json().unwrap();
    assert_eq!((&json["stand"], &json["person"]["id"]), (&"bestätigt".into(), &"p2".into()));
    assert_eq!(json["ereignisse"].as_array().unwrap().len(), 2);
    assert_eq!(json["aktenzeichen"], serde_json::Value::Null, "nobody has told the portal");
}
