//! Draws the charts in `docs/performance`: a panel for each endpoint, a bar for each contender.

use std::fs;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build::workspace;
use crate::measure::client::ENDPOINTS;
use crate::measure::count::Costs;
use crate::measure::time::Times;
use crate::report::chart::{Bar, Chart, Panel};
use crate::report::results::{Entry, Part};

/// Draws the stored figures.
pub(crate) fn draw() -> Result<()> {
    if let Some(part) = Part::<Costs>::read("count")? {
        save("instructions", &instructions(&part))?;
    }
    if let Some(part) = Part::<Times>::read("time")? {
        save("cpu", &processor(&part))?;
    }
    Ok(())
}

fn instructions(part: &Part<Costs>) -> Chart {
    Chart {
        title: "User instructions per request, in thousands".to_owned(),
        note: "Less is better. Under callgrind, one thread, 32 connections that are kept."
            .to_owned(),
        panels: panels(part, |costs, endpoint| {
            let thousands = costs.get(endpoint)?.instructions / 1000.0;
            Some(vec![thousands])
        }),
    }
}

fn processor(part: &Part<Times>) -> Chart {
    Chart {
        title: "Processor time per request, in microseconds".to_owned(),
        note: "Less is better. Dark: the program. Pale: the kernel, for it.".to_owned(),
        panels: panels(part, |times, endpoint| {
            let time = times.get(endpoint)?;
            Some(vec![time.user_microseconds, time.kernel_microseconds])
        }),
    }
}

/// Panels with the same order of contenders: by the sum over all endpoints.
fn panels<F>(part: &Part<F>, lengths: impl Fn(&F, &str) -> Option<Vec<f64>>) -> Vec<Panel>
where
    F: serde::Serialize + serde::de::DeserializeOwned,
{
    let total = |entry: &Entry<F>| -> f64 {
        let all = ENDPOINTS.iter();
        let all = all.filter_map(|endpoint| lengths(&entry.figures, endpoint.name));
        all.flatten().sum()
    };
    let mut rows: Vec<(Contender, &Entry<F>)> = part.rows().collect();
    rows.sort_by(|(_, left), (_, right)| total(left).total_cmp(&total(right)));
    let panel = |endpoint: &str| Panel {
        title: endpoint.to_owned(),
        bars: rows
            .iter()
            .filter_map(|(contender, entry)| {
                Some(Bar {
                    contender: *contender,
                    lengths: lengths(&entry.figures, endpoint)?,
                })
            })
            .collect(),
    };
    ENDPOINTS.map(|endpoint| panel(endpoint.name)).into()
}

fn save(name: &str, chart: &Chart) -> Result<()> {
    let directory = workspace().join("docs/performance");
    fs::create_dir_all(&directory)?;
    let path = directory.join(format!("{name}.svg"));
    Ok(svg::save(path, &chart.draw())?)
}
