//! Stores the figures of each part in `benches/results`, with machine and versions.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::{CONTENDERS, Contender};
use crate::measure::build::{version, workspace};

/// Figures `F` of each contender.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Part<F> {
    pub(crate) machine: Machine,
    pub(crate) contenders: BTreeMap<String, Entry<F>>,
}

/// Machine and compiler, which must be the same for all figures of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) rustc: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Entry<F> {
    pub(crate) version: String,
    pub(crate) date: String,
    pub(crate) figures: F,
}

impl<F: Serialize + DeserializeOwned> Part<F> {
    /// Reads a part; `None` if it was not measured yet.
    pub(crate) fn read(name: &str) -> Result<Option<Self>> {
        let path = path(name);
        if !path.exists() {
            return Ok(None);
        }
        let part = serde_json::from_str(&fs::read_to_string(&path)?);
        Ok(Some(
            part.map_err(|error| format!("{}: {error}", path.display()))?,
        ))
    }

    /// Replaces the figures of a contender. Figures of another machine or compiler are dropped,
    /// because a table must not mix them.
    pub(crate) fn record(name: &str, contender: Contender, figures: F) -> Result<()> {
        let machine = Machine::this()?;
        let before = Self::read(name)?.filter(|part| part.machine == machine);
        let mut part = before.unwrap_or(Self {
            machine,
            contenders: BTreeMap::new(),
        });
        let entry = Entry {
            version: version(contender)?,
            date: output_of("date", &["+%F"])?,
            figures,
        };
        part.contenders.insert(contender.name.to_owned(), entry);
        let mut text = serde_json::to_string_pretty(&part)?;
        text.push('\n');
        Ok(fs::write(path(name), text)?)
    }

    /// Entries in the order of tables.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Contender, &Entry<F>)> {
        let row = |contender: Contender| Some((contender, self.contenders.get(contender.name)?));
        CONTENDERS.into_iter().filter_map(row)
    }
}

impl Machine {
    pub(crate) fn this() -> Result<Self> {
        let information = fs::read_to_string("/proc/cpuinfo")?;
        let processor = information
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("unknown", |(_, name)| name);
        Ok(Self {
            processor: processor.to_owned(),
            rustc: output_of("rustc", &["--version"])?,
        })
    }
}

fn output_of(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn path(name: &str) -> PathBuf {
    workspace().join(format!("benches/results/{name}.json"))
}
