//! Commands that serve until they are told to stop.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pruefstand::ambient::{Clock, random_bytes};
use pruefstand::channel::Shutdown;
use pruefstand::diagnostic;
use pruefstand::fake_system::{
    FAKE_DEFECTS, FakeDefect, Listed, Page, Recent, Running, fixed_urls, further_urls,
};
use pruefstand::organisation::{Export, FakeKind, Recipients, TestOrganisation, export};
use pruefstand::reference_hub::{
    Changed, DEFECTS, Defect, HubConfig, HubError, LIMIT, PAUSE, start,
};
use pruefstand::rules::Engines;

use super::args::{FakeCommand, Format, HubCommand};
use super::authored::organisation_of;
use super::credentials::{CertificateFolder, command_line, credentials};
use super::exit::{CliError, Exit};
use super::output;
use super::watch::{self, Watched};

/// The runtime of a command.
/// Most memory for the worker of XSLT 1.0, bytes.
const WORKER_MEMORY: u64 = 1024 * 1024 * 1024;

pub fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    raise_file_limit();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| CliError::Fault(e.to_string()))
}

/// Connections are file descriptors, and many systems give a program only a thousand until it asks
/// for what it may have.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let most = getrlimit(Resource::Nofile).maximum;
    let _ = setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most });
}

/// Tells `stop` when a signal comes, and remembers which.
pub fn on_signal(stop: &Shutdown) -> Arc<std::sync::OnceLock<Exit>> {
    use tokio::signal::unix::{SignalKind, signal};
    let which = Arc::new(std::sync::OnceLock::new());
    let mut kinds = vec![
        (SignalKind::interrupt(), Exit::Interrupted),
        (SignalKind::terminate(), Exit::Terminated),
    ];
    if !hangup_is_ignored() {
        // The terminal was closed: whoever wants to go on starts with nohup.
        kinds.push((SignalKind::hangup(), Exit::Terminated));
    }
    for (kind, exit) in kinds {
        let (stop, which) = (stop.clone(), which.clone());
        if let Ok(mut stream) = signal(kind) {
            tokio::spawn(async move {
                stream.recv().await;
                let _ = which.set(exit);
                stop.now();
            });
        }
    }
    which
}

/// Whether this program was started with nohup, say.
fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The first bit stands for signal 1.
    mask.is_some_and(|mask| u64::from_str_radix(mask.trim(), 16).is_ok_and(|mask| mask & 1 == 1))
}

/// This program, to start others of it.
pub fn program() -> Result<PathBuf, CliError> {
    std::env::current_exe().map_err(|e| CliError::Fault(e.to_string()))
}

pub fn fake(command: FakeCommand, format: Format) -> Result<Exit, CliError> {
    let (path, hub, page, system, defect) = match command {
        FakeCommand::Defects => {
            match format {
                Format::Json => output::json(&FAKE_DEFECTS),
                Format::Text => {
                    for d in FAKE_DEFECTS {
                        output::result(&format!("{:28} {:18?} {}", d.id, d.kind, d.title));
                    }
                }
            }
            return Ok(Exit::Passed);
        }
        FakeCommand::Up { organisation, hub, page, system, defect } => {
            (organisation, hub, page, system, defect)
        }
    };
    let defects =
        named(&defect, FakeDefect::by_id, FAKE_DEFECTS.iter().map(|d| d.id), "fake defects")?;
    if hub.as_ref().is_some_and(|hub| !hub.starts_with("http://")) {
        let text = "--hub takes an address like http://127.0.0.1:8080";
        return Err(CliError::Usage(text.into()));
    }
    let mut watched = path.as_deref().map(Watched::new);
    let mut organisation = organisation_of(path.as_deref())?;
    if let Some(hub) = &hub {
        organisation = organisation.with_hub(hub);
    }
    if let Some(system) = &system {
        organisation = only(organisation, system)?;
    }
    runtime()?.block_on(async {
        let stop = Shutdown::default();
        on_signal(&stop);
        let recent = Arc::new(Recent::new(Clock::system()));
        let mut running = Running::start_faulty(&organisation, recent.clone(), &defects).await?;
        let exported = export(&organisation, &running.urls);
        let mut certificates = CertificateFolder::of(&running)?;
        let listed = listed(&organisation, &exported, certificates.as_ref());
        let (page, address) = show_page(&mut running, page, listed.clone(), recent).await?;
        print_systems(
            (&exported, &listed),
            (&address, &page.act_url(&address)),
            certificates.as_ref(),
            (format, alone(system.as_deref(), &running).as_ref()),
        );
        if format == Format::Text {
            output::say("running; Ctrl-C ends");
        }
        loop {
            tokio::select! {
                () = stop.wait() => break,
                () = tokio::time::sleep(watch::PAUSE) => {}
            }
            let Some(changed) = watched.as_mut().and_then(Watched::changed) else { continue };
            let organisation = match changed {
                Ok(changed) => {
                    let changed = match &hub {
                        Some(hub) => changed.with_hub(hub),
                        None => changed,
                    };
                    match system.as_ref().map_or(Ok(changed.clone()), |s| only(changed, s)) {
                        Ok(changed) => changed,
                        Err(error) => {
                            output::say(&error.to_string());
                            output::say("all systems stay as they were");
                            continue;
                        }
                    }
                }
                Err(findings) => {
                    output::say(&CliError::from(findings).to_string());
                    output::say("the organisation cannot be used; all systems stay as they were");
                    continue;
                }
            };
            match running.reload(&organisation).await {
                Ok(done) => {
                    let exported = export(&organisation, &running.urls);
                    if certificates.is_none() {
                        certificates = CertificateFolder::of(&running)?;
                    }
                    let listed = self::listed(&organisation, &exported, certificates.as_ref());
                    page.update(listed.clone(), &running);
                    watch::say(&done);
                    print_systems(
                        (&exported, &listed),
                        (&address, &page.act_url(&address)),
                        certificates.as_ref(),
                        (format, alone(system.as_deref(), &running).as_ref()),
                    );
                }
                Err(error) => {
                    output::say(&CliError::from(error).to_string());
                    output::say("all systems stay as they were");
                }
            }
        }
        running.stop().await;
        let _ = std::fs::remove_dir_all(own_maildir());
        Ok(Exit::Passed)
    })
}

/// The systems as the page and the terminal list them.
fn listed(
    organisation: &TestOrganisation,
    exported: &Export,
    certificates: Option<&CertificateFolder>,
) -> Vec<Listed> {
    let systems = exported.system.iter();
    systems
        .map(|s| Listed {
            id: s.id.clone(),
            kind: s.kind,
            url: s.url.clone(),
            further: further_urls(&s.protocol, &s.url),
            curl: command_line(organisation, s, certificates),
            credentials: credentials(organisation, &s.id),
        })
        .collect()
}

/// One system by itself, in the place of a target.
struct Alone {
    /// The folder of its mails.
    maildir: Option<PathBuf>,
}

fn alone(system: Option<&str>, running: &Running) -> Option<Alone> {
    let mut mailboxes = running.mailboxes.values();
    let maildir = mailboxes.next().and_then(|m| m.folder()).map(Path::to_owned);
    system.map(|_| Alone { maildir })
}

/// Where a mailbox in the place of a target keeps its mails, where the organisation does not say: a
/// folder of this process, which goes with it.
fn own_maildir() -> PathBuf {
    std::env::temp_dir().join(format!("pruefstand-postfach-{}", std::process::id()))
}

fn print_systems(
    (exported, listed): (&Export, &[Listed]),
    (page, act): (&str, &str),
    certificates: Option<&CertificateFolder>,
    (format, alone): (Format, Option<&Alone>),
) {
    match format {
        Format::Json => {
            let systems: Vec<_> = exported
                .system
                .iter()
                .zip(listed)
                .map(|(s, l)| {
                    let mut one = serde_json::json!({
                        "id": s.id, "kind": s.kind, "protocol": s.protocol, "url": s.url,
                        "credentials": l.credentials, "command": l.curl,
                    });
                    for (protocol, url) in further_urls(&s.protocol, &s.url) {
                        let name = protocol.trim_start_matches("cmis-").replace("pub", "");
                        one[format!("{name}_url")] = url.into();
                    }
                    one
                })
                .collect();
            let certificates = certificates.map(CertificateFolder::path);
            let mut line = serde_json::json!({ "systems": systems, "page": page, "certificates": certificates });
            if let Some((s, alone)) = exported.system.first().zip(alone) {
                line["url"] = s.url.clone().into();
                for (protocol, url) in further_urls(&s.protocol, &s.url) {
                    line["urls"][protocol.replace("atompub", "atom")] = url.into();
                }
                line["held"] = match &alone.maildir {
                    Some(folder) => folder.display().to_string().into(),
                    None => format!("{page}bestand/{}/{{vorgang}}", s.id).into(),
                };
                line["act"] = act.into();
            }
            output::result(&line.to_string());
        }
        Format::Text => {
            for (s, l) in exported.system.iter().zip(listed) {
                output::result(&format!("{:24} {:14} {}", s.id, s.protocol, s.url));
                for (protocol, url) in &l.further {
                    output::result(&format!("{:24} {protocol:14} {url}", ""));
                }
                if !l.credentials.is_empty() {
                    output::result(&format!("{:24} {}", "", l.credentials));
                }
                output::result(&format!("{:24} {}", "", l.curl));
            }
            if let Some(folder) = certificates {
                let folder = folder.path().display();
                output::result(&format!("{:24} {:14} {folder}", "(certificates)", "pem"));
            }
            output::result(&format!("{:24} {:14} {page}", "(page)", "http"));
        }
    }
}

/// Serves the page about the fakes, on loopback alone; returns its address.
async fn show_page(
    running: &mut Running,
    port: Option<u16>,
    systems: Vec<Listed>,
    recent: Arc<Recent>,
) -> Result<(Page, String), CliError> {
    let address = format!("127.0.0.1:{}", port.unwrap_or(0));
    let listener = tokio::net::TcpListener::bind(&address).await.map_err(|e| {
        CliError::Unreachable(format!(
            "the page cannot listen on {address}: {e}; choose another --page"
        ))
    })?;
    let address = listener.local_addr().map_err(|e| CliError::Fault(e.to_string()))?;
    let secret = random_bytes::<16>().map_err(|e| CliError::Fault(e.to_string()))?;
    let token: String = secret.iter().map(|b| format!("{b:02x}")).collect();
    let page = Page::new(systems, running, recent, token);
    running.show(listener, page.clone());
    Ok((page, format!("http://{address}/")))
}

pub fn hub(command: HubCommand, format: Format) -> Result<Exit, CliError> {
    let (organisation, defect, endpoints, state, base, changed) = match command {
        HubCommand::Defects => {
            match format {
                Format::Json => output::json(&DEFECTS),
                Format::Text => {
                    for d in DEFECTS {
                        output::result(&format!(
                            "{:28} {} ({}: {}, {})",
                            d.id, d.title, d.bundle, d.requirement, d.technique
                        ));
                    }
                }
            }
            return Ok(Exit::Passed);
        }
        HubCommand::Up { organisation, defect, endpoints, state, base, changed } => {
            (organisation, defect, endpoints, state, base, changed)
        }
    };
    let defects = defects(&defect)?;
    let changed = match &changed {
        None => Changed::default(),
        Some(path) => Changed::read(path)
            .map_err(|e| CliError::BadInput(format!("{}: {e}", path.display())))?,
    };
    let organisation = organisation_of(organisation.as_deref())?;
    let exported: Export = match &endpoints {
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path)
                .map_err(|e| CliError::BadInput(format!("{name}: {e}")))?;
            diagnostic::read(&name, &text)?.value
        }
        None => export(&organisation, &fixed_urls(&organisation)),
    };
    // Without a folder of its own the hub forgets when it ends.
    let temporary = std::env::temp_dir().join(format!("pruefstand-hub-{}", std::process::id()));
    let config = HubConfig {
        export: exported,
        base: base.unwrap_or_else(|| organisation.folder.clone()),
        state: state.clone().unwrap_or_else(|| temporary.clone()),
        engines: engines()?,
        defects,
        clock: Clock::system(),
        limit: LIMIT,
        pause: PAUSE,
        changed,
    };
    let result = runtime()?.block_on(serve_hub(config, format));
    if state.is_none() {
        let _ = std::fs::remove_dir_all(&temporary);
    }
    result
}

async fn serve_hub(config: HubConfig, format: Format) -> Result<Exit, CliError> {
    let stop = Shutdown::default();
    on_signal(&stop);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|e| CliError::Unreachable(format!("no port to listen on: {e}")))?;
    let address = listener.local_addr().map_err(|e| CliError::Fault(e.to_string()))?;
    let url = format!("http://{address}");
    match format {
        Format::Json => output::result(&serde_json::json!({ "url": url }).to_string()),
        Format::Text => {
            output::result(&url);
            output::say("running; Ctrl-C ends");
        }
    }
    match start(config, listener, stop).await {
        Ok(()) => Ok(Exit::Passed),
        Err(HubError::Depot(error)) => Err(CliError::BadInput(error.to_string())),
        Err(HubError::Tls(error)) => Err(CliError::BadInput(error.to_string())),
        Err(HubError::Io(error)) => Err(CliError::Fault(error.to_string())),
    }
}

/// The organisation with one system alone.
fn only(mut organisation: TestOrganisation, id: &str) -> Result<TestOrganisation, CliError> {
    let known: Vec<String> = organisation.file.system.iter().map(|s| s.id.to_string()).collect();
    organisation.file.system.retain(|s| s.id.as_str() == id);
    if organisation.file.system.is_empty() {
        let help = diagnostic::nearest(id, known.iter().map(String::as_str))
            .map_or_else(|| known.join(", "), |near| format!("did you mean \"{near}\"?"));
        return Err(CliError::Usage(format!("--system {id}: there is no such system; {help}")));
    }
    // Whoever stands in a target's place can be asked what it holds, and takes mail for its own only.
    for system in organisation.file.system.iter_mut().filter(|s| s.fake == FakeKind::Mailbox) {
        system.recipients = Recipients::Known;
        system.folder.get_or_insert_with(|| own_maildir().display().to_string());
    }
    Ok(organisation)
}

/// Faults of the reference hub by name.
pub fn defects(names: &[String]) -> Result<Vec<Defect>, CliError> {
    named(names, Defect::by_id, DEFECTS.iter().map(|d| d.id), "hub defects")
}

/// Faults by name.
fn named<D>(
    names: &[String],
    by_id: impl Fn(&str) -> Option<D>,
    known: impl Iterator<Item = &'static str> + Clone,
    list: &str,
) -> Result<Vec<D>, CliError> {
    names
        .iter()
        .map(|name| {
            by_id(name).ok_or_else(|| {
                let help = diagnostic::nearest(name, known.clone()).map_or_else(
                    || format!("see `pruefstand {list}`"),
                    |n| format!("did you mean \"{n}\"?"),
                );
                CliError::Usage(format!("there is no fault \"{name}\"; {help}"))
            })
        })
        .collect()
}

/// Where engines for XSLT are; `PRUEFSTAND_SAXON` names a Python that has the package saxonche.
pub fn engines() -> Result<Engines, CliError> {
    let saxon = std::env::var_os("PRUEFSTAND_SAXON").map(PathBuf::from);
    Ok(Engines { program: program()?, saxon })
}

pub fn xslt_worker() -> Result<Exit, CliError> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // A sheet without end must not take the machine along.
    let bound = Rlimit { current: Some(WORKER_MEMORY), maximum: Some(WORKER_MEMORY) };
    let _ = setrlimit(Resource::As, bound);
    // Standard output would write line by line.
    let out = std::os::fd::AsFd::as_fd(&std::io::stdout())
        .try_clone_to_owned()
        .map_err(|e| CliError::Fault(e.to_string()))?;
    let out = std::io::BufWriter::new(std::fs::File::from(out));
    pruefstand::xml::serve_worker(std::io::stdin().lock(), out)
        .map_err(|e| CliError::Fault(e.to_string()))?;
    Ok(Exit::Passed)
}

/// A folder that does not exist yet, counted up from a name.
pub fn fresh(base: &Path) -> PathBuf {
    let mut path = base.to_owned();
    let mut number = 1;
    while path.exists() {
        number += 1;
        path = base.with_file_name(format!(
            "{}-{number}",
            base.file_name().unwrap_or_default().to_string_lossy()
        ));
    }
    path
}

/// Guards a command of a target until nothing of it is left.
pub fn target_guard(command: &[String]) -> Result<Exit, CliError> {
    pruefstand::target::guard(command).map_err(|e| CliError::Fault(e.to_string()))?;
    Ok(Exit::Passed)
}
