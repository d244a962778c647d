//! The hub (Datendrehscheibe) that the harness plays where another component is under test: it takes
//! what the component sends, and acknowledges it. What it got is judged elsewhere.
//!
//! | path | takes |
//! | --- | --- |
//! | `/eingang/portal` | what an Antragsassistent sends |
//! | `/eingang/fachverfahren` | what a Fachverfahren sends, as XML |
//! | `/eingang/fachverfahren/soap` | the same in an envelope of SOAP 1.1 or 1.2, also with MTOM |
//! | `/eingang/fachverfahren/json` | the same in JSON: one member, named as the root of the message |
//!
//! The address says what is spoken, as with every other system.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;

use super::scripted::{unforeseen, xml_of};
use super::{Running, StartError};
use crate::channel::Observer;
use crate::channel::http::{self, Early, Handler, Reply, Request};
use crate::channel::soap::fault::Fault;
use crate::channel::soap::framing;
use crate::ids::{Correlator, PLAYED_HUB, SystemId};
use crate::wire::{SoapVersion, carried, envelope_text, inner_xml};
use crate::xml::{Element, Node};

/// Where it takes messages.
const PATHS: [&str; 4] = ["/eingang/portal", "/eingang/fachverfahren", SOAP, JSON];
/// Where it takes envelopes.
const SOAP: &str = "/eingang/fachverfahren/soap";
/// Where it takes JSON.
const JSON: &str = "/eingang/fachverfahren/json";
/// Namespace of acknowledgements and rejections.
const NAMESPACE: &str = "urn:pruefstand:quittung:1";

/// An observer that knows by the address what is spoken.
struct Spoken(Arc<dyn Observer>);

impl Observer for Spoken {
    fn request(&self, system: &SystemId, protocol: &str, peer: &str, raw: &[u8]) -> u64 {
        let line = raw.split(|b| *b == b'\r' || *b == b'\n').find(|line| !line.is_empty());
        let path = line.and_then(|line| line.split(|b| *b == b' ').nth(1)).unwrap_or_default();
        let path = path.split(|b| *b == b'?').next().unwrap_or_default();
        let spoken = match protocol {
            "http" if path == SOAP.as_bytes() => "soap",
            "http" if path == JSON.as_bytes() => "json",
            other => other,
        };
        self.0.request(system, spoken, peer, raw)
    }
    fn answer(&self, exchange: u64, raw: &[u8], failure: Option<&str>) {
        self.0.answer(exchange, raw, failure);
    }
    fn observation(&self, system: &SystemId, exchange: Option<u64>, clause: &str, detail: &str) {
        self.0.observation(system, exchange, clause, detail);
    }
}

struct Hub {
    id: SystemId,
    observer: Arc<dyn Observer>,
    taken: AtomicU64,
}

impl Hub {
    fn take(&self, request: &Request) -> Reply {
        let number = self.taken.fetch_add(1, Ordering::SeqCst) + 1;
        let transaktion = format!("HUB-{number:06}");
        if request.path == SOAP {
            return self.take_envelope(request, &transaktion);
        }
        let json = request.content_type.to_ascii_lowercase().contains("json");
        if request.path == JSON && !json {
            let text = format!("{} is no JSON\n", request.content_type);
            self.note(request, "RFC 8259 11", text.trim_end());
            return Reply::text(415, "text/plain; charset=utf-8", text);
        }
        if json {
            return match serde_json::from_slice::<serde_json::Value>(&request.body) {
                Ok(_) => {
                    let answer = serde_json::json!({
                        "transaktion": transaktion, "vorgangsnummer": vorgang_in(&request.body),
                    });
                    Reply::text(202, "application/json", answer.to_string())
                }
                Err(error) => self.refuse(request, &transaktion, &error.to_string()),
            };
        }
        match xml_of(request) {
            Ok(read) => {
                for oddity in &read.oddities {
                    self.note(request, "RFC 7303 3", oddity);
                }
                let vorgang = vorgang_in(read.document.root.to_xml().as_bytes());
                let answer = element("Quittung", &transaktion, "Vorgangsnummer", &vorgang);
                Reply::text(202, "application/xml; charset=UTF-8", answer.to_xml())
            }
            Err(error) => self.refuse(request, &transaktion, &error.to_string()),
        }
    }

    /// An envelope; read as whoever judges reads it.
    fn take_envelope(&self, request: &Request, transaktion: &str) -> Reply {
        let version = framing::announced(request);
        let kind = format!("{}; charset=utf-8", version.media_type());
        if version == SoapVersion::Soap11 && request.header("soapaction").is_none() {
            self.note(request, "SOAP 1.1, 6.1.1", "the header SOAPAction is missing");
        }
        match carried("soap", &request.raw).root() {
            Ok(root) => {
                let vorgang = vorgang_in(root.to_xml().as_bytes());
                let answer = element("Quittung", transaktion, "Vorgangsnummer", &vorgang);
                let text = envelope_text(version, "", &inner_xml(&answer));
                Reply::text(200, &kind, text)
            }
            Err(reason) => {
                self.note(request, "Annahme der Datendrehscheibe", &reason);
                let fault = Fault::sender("Annahme der Datendrehscheibe", reason);
                let text = envelope_text(version, "", &fault.element(version));
                Reply::text(fault.http_status(version), &kind, text)
            }
        }
    }

    fn refuse(&self, request: &Request, transaktion: &str, reason: &str) -> Reply {
        self.note(request, "Annahme der Datendrehscheibe", reason);
        let answer = element("Rueckweisung", transaktion, "Grund", "X000");
        Reply::text(422, "application/xml; charset=UTF-8", answer.to_xml())
    }

    fn note(&self, request: &Request, clause: &str, detail: &str) {
        self.observer.observation(&self.id, Some(request.exchange), clause, detail);
    }
}

/// The first word that looks like the number of a case; empty where there is none.
fn vorgang_in(text: &[u8]) -> String {
    Correlator::candidates(text).find(|t| t.starts_with("PS-")).unwrap_or_default().to_owned()
}

fn element(name: &str, transaktion: &str, what: &str, value: &str) -> Element {
    let mut root = Element::new(NAMESPACE, name);
    root.children = vec![
        Node::Element(Element::with_text(NAMESPACE, "Transaktion", transaktion)),
        Node::Element(Element::with_text(NAMESPACE, what, value)),
    ];
    root
}

impl Handler for Hub {
    fn early(&self, method: &str, path: &str) -> Option<Early> {
        let detail = match (PATHS.contains(&path), method) {
            (true, "POST") => return None,
            (true, _) => format!("method {method}, the hub takes POST"),
            (false, _) => format!("path {path}, the hub has {}", PATHS.join(" and ")),
        };
        let status = if PATHS.contains(&path) { 405 } else { 501 };
        let reply = unforeseen(status, &detail);
        Some(Early { reply, clause: "Annahme der Datendrehscheibe", detail })
    }

    fn handle(&self, request: Request) -> Pin<Box<dyn Future<Output = Reply> + Send + '_>> {
        Box::pin(async move { self.take(&request) })
    }
}

impl Running {
    /// Plays the hub as well; returns its address. `listen` is an address with port, a free one on
    /// loopback where absent.
    ///
    /// # Errors
    /// When the port cannot be had.
    pub async fn play_hub(&mut self, listen: Option<&str>) -> Result<String, StartError> {
        let id = SystemId::from(PLAYED_HUB);
        let listen = listen.unwrap_or("127.0.0.1:0");
        let cannot = |reason| StartError::Listen {
            system: SystemId::from(PLAYED_HUB),
            listen: listen.to_owned(),
            reason,
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let url = format!("http://{address}");
        let hub = Hub { id: id.clone(), observer: self.observer.clone(), taken: AtomicU64::new(0) };
        let (observer, stop) = (Arc::new(Spoken(self.observer.clone())), self.shutdown.clone());
        self.urls.insert(id.clone(), url.clone());
        self.tasks.spawn(http::serve(listener, id, Arc::new(hub), observer, stop));
        Ok(url)
    }
}
