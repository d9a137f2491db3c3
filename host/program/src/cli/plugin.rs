//! Commands for authors of plugins: `plugin new`, `test`, `build`, `inspect`.

use std::path::Path;
use std::process::ExitCode;

use sluice::Options;
use sluice_author::build::Built;
use sluice_author::{Kind, Language};

use super::flags::Plugin;
use super::{mistake, print};

pub fn run(asked: Plugin, options: &Options) -> ExitCode {
    match asked {
        Plugin::New { kind, name, lang } => new(kind, &name, lang),
        Plugin::Test { folder } => test(&folder),
        Plugin::Build { folder } => build(&folder),
        Plugin::Inspect { file, diff, json } => inspect(options, &file, diff.as_deref(), json),
    }
}

fn new(kind: Kind, name: &str, language: Language) -> ExitCode {
    match sluice_author::new::new(Path::new("."), kind, name, language) {
        Ok(_) => {
            print(&format!(
                "{name}/ is a {} in {language}; its README.md says what it does.\nNext:\n  cd {name}\n  sluice plugin test\n  sluice plugin build\n",
                kind.as_str()
            ));
            ExitCode::SUCCESS
        }
        Err(error) => mistake(&error.to_string()),
    }
}

fn test(folder: &Path) -> ExitCode {
    match sluice_author::test::test(folder) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => mistake(&error.to_string()),
    }
}

fn build(folder: &Path) -> ExitCode {
    let begun = std::time::Instant::now();
    let built = sluice_author::build::build(folder, &mut |step| eprintln!("  {step}"));
    match built {
        Ok(Built { file, bytes }) => {
            let (kilobytes, seconds) = (bytes.div_ceil(1_000), begun.elapsed().as_secs_f64());
            print(&format!("{}: {kilobytes} kB, in {seconds:.1} s\n", file.display()));
            ExitCode::SUCCESS
        }
        Err(error) => mistake(&error.to_string()),
    }
}

fn inspect(options: &Options, file: &Path, older: Option<&Path>, json: bool) -> ExitCode {
    let look = |file| sluice::inspect(options, file);
    let new = match look(file) {
        Ok(new) => new,
        Err(error) => return mistake(&error.to_string()),
    };
    let Some(older) = older else {
        match serde_json::to_string_pretty(&new) {
            Ok(text) if json => print(&format!("{text}\n")),
            _ => print(&new),
        }
        return ExitCode::SUCCESS;
    };
    let more = match look(older) {
        Ok(older) => new.more_than(&older),
        Err(error) => return mistake(&error.to_string()),
    };
    for sentence in &more {
        print(&format!("{sentence}\n"));
    }
    if more.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
