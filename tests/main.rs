//! One integration binary: the program as its users meet it.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot go on must fail loudly, and one that is skipped must say so"
)]

mod bad_input;
mod canaries;
mod catalogue;
mod certificates;
mod chain;
mod ci_examples;
mod claims;
mod clients;
mod cmis;
mod cmis_atom;
mod compare_runs;
mod component;
mod component_channels;
mod component_dms;
mod component_mail;
mod component_xdomea;
mod configuration;
mod defects;
mod derivation;
mod diff;
mod fake_answers;
mod fake_page;
mod fake_portal;
mod fake_reload;
mod fake_table;
mod fake_world;
mod file_drop;
mod foreign_log;
mod forged;
mod gate;
mod hostile_target;
mod hundehaltung;
mod init;
mod kanaele;
mod layering;
mod leftovers;
mod lost;
mod mail;
mod mail_hostile;
mod manual;
mod measure;
mod node_red;
mod personenstand;
mod pilot;
mod preflight;
mod readme;
mod registry;
mod repeat;
mod reports;
mod rest;
mod rule_trial;
mod rules;
mod soap;
mod soap_client;
mod soap_mtom;
mod standards;
mod support;
mod support_certificate;
mod support_component;
mod support_fakes;
mod support_http;
mod support_mail;
mod support_systems;
mod support_target;
mod support_xdomea;
mod target_doing;
mod text;
mod transport;
mod transport_limits;
mod transport_tls;
mod xdatenfelder;
mod xdomea;
mod xdomea_hostile;
mod xdomea_records;
mod xdomea_zip;
mod xml_kinds;
mod xsd;
mod xsd_check;
mod xsd_real;
mod xwasser;
