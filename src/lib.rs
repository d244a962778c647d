//! Prüfstand certifies the software around a municipal integration service.
//!
//! ```text
//! concept ──derive──▶ plan (self-contained) ──build──▶ messages ─┐
//! organisation ──▶ fake systems (running) ◀──▶ run ◀──▶ target    │
//!                                              ▼  ◀───────────────┘
//!                                  evidence (append-only, hash-chained)
//!                                              ▼
//!      plan + evidence + artefacts ──judge──▶ verdict ──▶ report │ certificate ──▶ verify, gate
//! ```
//!
//! Where a line belongs, from the bottom up. A module uses modules in rows above its own, never one
//! in its own row; `tests/layering.rs` holds the allowed edges, `ARCHITECTURE.md` the reasons.
//!
//! | row | module | what lives there |
//! | --- | --- | --- |
//! | 0 | [`ids`], [`ambient`], [`secret`], [`diagnostic`], [`text`], [`files`] | names and digests; clock and randomness as values; text that prints as `***`; findings about authored files; texts as administration writes them; files that somebody names |
//! | 1 | [`xml`], [`signing`], [`mapping`], [`particulars`] | parsing, schema validation, comparison, XSLT in a worker process (the only unsafe code) · keys, signatures, envelopes · foreign transaction logs in our words · what people say about a test |
//! | 2 | [`wire`] | messages as bytes: HTTP, parts, envelopes, JSON, folders, and what they carry |
//! | 3 | [`xsd`], [`cmis`], [`xdomea`] | what XML Schemas say: components, valid messages, messages that break one rule · what a repository says over CMIS, both bindings in one form · messages of xdomea to a DMS, and its answers |
//! | 4 | [`xdatenfelder`] | FIM's descriptions of forms, both editions, as one tree of fields |
//! | 5 | [`concept`], [`organisation`] | the Systemkonzept · authorities, systems, the world of invented people |
//! | 6 | [`plan`] | the catalogue of methods, derivation, coverage, difference |
//! | 7 | [`message`] | the bytes of each test message |
//! | 8 | [`evidence`], [`channel`], [`rules`] | what was sent and seen · transports · rule depots |
//! | 9 | [`fake_system`], [`reference_hub`], [`target`] | fakes · our own hub · how a target is started and reached |
//! | 10 | [`run`] | driving a plan: it observes |
//! | 11 | [`verdict`] | judging: the sole author of findings |
//! | 12 | [`judged`], [`rule_trial`] | a run's folder, read and judged anew · rules alone: twins, coverage, a second engine |
//! | 13 | [`detection`] | faults and mutants: how good a plan is |
//! | 14 | [`report`], [`certificate`], [`registry`] | readers of a verdict · the signed result · what became of it |
//! | 15 | [`gate`] | may it go into production |
//!
//! The binary (`src/main.rs`, `src/cli/`) only translates: it is the one place that prints, and the
//! one that decides exit codes.

pub mod ambient;
pub mod certificate;
pub mod channel;
pub mod cmis;
pub mod concept;
pub mod detection;
pub mod diagnostic;
pub mod evidence;
pub mod fake_system;
pub mod files;
pub mod gate;
pub mod ids;
pub mod judged;
pub mod mapping;
pub mod message;
pub mod organisation;
pub mod particulars;
pub mod plan;
pub mod reference_hub;
pub mod registry;
pub mod report;
pub mod rule_trial;
pub mod rules;
pub mod run;
pub mod secret;
pub mod signing;
pub mod target;
pub mod text;
pub mod verdict;
pub mod wire;
pub mod xdatenfelder;
pub mod xdomea;
pub mod xml;
pub mod xsd;
