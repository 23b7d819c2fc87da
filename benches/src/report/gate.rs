//! Gate against slower code: compares the ratio of our instructions to bare hyper's with the stored
//! one. A ratio does not change if another compiler or another hyper changes both.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::contender::{HYPER, OURS};
use crate::measure::build::workspace;
use crate::measure::client::ENDPOINTS;
use crate::measure::statistics::{check_growth, rounded};
use crate::measure::{agreement, count};

/// Relative difference between two builds of the same code, caused by the linker's layout.
const TOLERANCE: f64 = 0.03;

#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    ratios: BTreeMap<String, f64>,
}

/// # Errors
/// If a ratio has grown by more than the tolerance.
pub(crate) fn run() -> Result<()> {
    let path = path();
    let text = fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; `gate store` writes it", path.display()))?;
    let stored: Stored = serde_json::from_str(&text)?;
    let ratios = measure(&stored.ratios)?;
    check_growth(&stored.ratios, &ratios, TOLERANCE)
}

/// Stores the current ratios.
pub(crate) fn store() -> Result<()> {
    let ratios = measure(&BTreeMap::new())?;
    let mut text = serde_json::to_string_pretty(&Stored { ratios })?;
    text.push('\n');
    Ok(fs::write(path(), text)?)
}

fn measure(stored: &BTreeMap<String, f64>) -> Result<BTreeMap<String, f64>> {
    agreement::check(&[HYPER, OURS])?;
    let hyper = count::measure_endpoints(HYPER, &ENDPOINTS, 0)?;
    let ours = count::measure_endpoints(OURS, &ENDPOINTS, 0)?;
    println!(
        "{:10}{:>12}{:>12}{:>8}{:>8}{:>9}",
        "", HYPER.name, OURS.name, "ratio", "stored", "spread"
    );
    let mut ratios = BTreeMap::new();
    for endpoint in ENDPOINTS {
        let (hyper, ours) = (hyper[endpoint.name], ours[endpoint.name]);
        let ratio = rounded(ours.instructions / hyper.instructions, 3);
        let stored = stored.get(endpoint.name);
        let stored = stored.map_or("-".to_owned(), |stored| format!("{stored:.3}"));
        println!(
            "{:10}{:>12}{:>12}{ratio:>8.3}{stored:>8}{:>8.1}%",
            endpoint.name,
            hyper.instructions,
            ours.instructions,
            100.0 * hyper.spread.max(ours.spread)
        );
        ratios.insert(endpoint.name.to_owned(), ratio);
    }
    Ok(ratios)
}

fn path() -> PathBuf {
    workspace().join("benches/results/gate.json")
}
