//! The command that measures a plan.

use pruefstand::ambient::Clock;
use pruefstand::channel::Shutdown;
use pruefstand::detection::{self, MeasureConfig, MeasureError, Measured};
use pruefstand::plan;
use pruefstand::report;
use pruefstand::target::TargetFile;

use super::args::{Format, MeasureArgs};
use super::authored::organisation_of;
use super::exit::{CliError, Exit};
use super::output;
use super::servers::{engines, on_signal, runtime};

pub fn measure(args: MeasureArgs, format: Format) -> Result<Exit, CliError> {
    let plan = plan::load(&args.plan)?;
    let plan_text = std::fs::read_to_string(&args.plan)
        .map_err(|e| CliError::BadInput(format!("{}: {e}", args.plan.display())))?;
    let organisation = organisation_of(args.organisation.as_deref())?;
    let result = args.out.join("detection.json");
    if result.exists() {
        let why = std::io::Error::other("exists already; choose another folder");
        return Err(CliError::CannotWrite(result.display().to_string(), why));
    }
    let cannot = |path: &std::path::Path, e| CliError::CannotWrite(path.display().to_string(), e);
    std::fs::create_dir_all(&args.out).map_err(|e| cannot(&args.out, e))?;
    let folder = args.out.canonicalize().map_err(|e| cannot(&args.out, e))?;
    let targets = args.target.iter().map(|path| TargetFile::load(path));
    let config = MeasureConfig {
        plan,
        plan_text,
        organisation,
        engines: engines()?,
        folder,
        mutants: args.mutants,
        configurations: args.configurations,
        only: args.only,
        parallel: args.parallel,
        organisation_file: args.organisation.clone(),
        targets: targets.collect::<Result<_, _>>()?,
        clock: Clock::system(),
    };
    let (measured, signalled) = runtime()?.block_on(async {
        let stop = Shutdown::default();
        let which = on_signal(&stop);
        let told = |done, all, measured: &Measured| {
            let Measured { mutant, outcome, seconds, .. } = measured;
            let (id, what) = (&mutant.id, &mutant.what);
            output::say(&format!("{done:>4}/{all} {outcome:?} {id}: {what} ({seconds:.1} s)"));
        };
        output::say("the intact target first");
        let measured = detection::measure(config, &told, stop).await;
        (measured, which.get().copied())
    });
    let detection = match measured {
        Ok(detection) => detection,
        Err(MeasureError::Intact(why)) => {
            output::say(&MeasureError::Intact(why).to_string());
            return Ok(Exit::Inconclusive);
        }
        Err(MeasureError::CannotWrite(path, error)) => {
            return Err(CliError::CannotWrite(path, error));
        }
        Err(MeasureError::Interrupted) => {
            return Err(CliError::Stopped(signalled.unwrap_or(Exit::Interrupted)));
        }
        Err(MeasureError::Nothing(why)) => return Err(CliError::Usage(why)),
    };
    let mut json =
        serde_json::to_vec_pretty(&detection).map_err(|e| CliError::Fault(e.to_string()))?;
    json.push(b'\n');
    std::fs::write(&result, json).map_err(|e| cannot(&result, e))?;
    let page = args.out.join("detection.html");
    let text = report::detection_page(&detection).map_err(|e| CliError::Fault(e.to_string()))?;
    std::fs::write(&page, text).map_err(|e| cannot(&page, e))?;
    match format {
        Format::Json => output::json(&detection),
        Format::Text => output::result(&report::detection_text(&detection)),
    }
    output::say(&format!("page: {}", page.display()));
    Ok(match (detection.reaches(args.minimum), detection.is_open()) {
        (false, _) => Exit::Failed,
        (true, true) => Exit::Inconclusive,
        (true, false) => Exit::Passed,
    })
}
