//! The figures of each part, in `benches/results`, with what they hold for.

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
    pub(crate) contenders: BTreeMap<String, Taken<F>>,
}

/// What figures of one part share, or they could not be compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Machine {
    pub(crate) processor: String,
    pub(crate) rustc: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Taken<F> {
    pub(crate) version: String,
    pub(crate) date: String,
    pub(crate) figures: F,
}

impl<F: Serialize + DeserializeOwned> Part<F> {
    /// What was measured, or `None` where nothing was yet.
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

    /// Puts new figures in the place of the contender's old ones. Those that another machine or
    /// compiler gave are dropped: a table never mixes them.
    pub(crate) fn record(name: &str, contender: Contender, figures: F) -> Result<()> {
        let machine = Machine::this()?;
        let before = Self::read(name)?.filter(|part| part.machine == machine);
        let mut part = before.unwrap_or(Self {
            machine,
            contenders: BTreeMap::new(),
        });
        let taken = Taken {
            version: version(contender)?,
            date: said("date", &["+%F"])?,
            figures,
        };
        part.contenders.insert(contender.name.to_owned(), taken);
        let mut text = serde_json::to_string_pretty(&part)?;
        text.push('\n');
        Ok(fs::write(path(name), text)?)
    }

    /// Its contenders in the order of tables.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (Contender, &Taken<F>)> {
        let row = |contender: Contender| Some((contender, self.contenders.get(contender.name)?));
        CONTENDERS.into_iter().filter_map(row)
    }
}

impl Machine {
    fn this() -> Result<Self> {
        let information = fs::read_to_string("/proc/cpuinfo")?;
        let processor = information
            .lines()
            .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map_or("unknown", |(_, name)| name);
        Ok(Self {
            processor: processor.to_owned(),
            rustc: said("rustc", &["--version"])?,
        })
    }
}

fn said(program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program).args(arguments).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

fn path(name: &str) -> PathBuf {
    workspace().join(format!("benches/results/{name}.json"))
}
