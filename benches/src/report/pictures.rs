//! The pictures in `docs/performance`: a panel for each endpoint, a bar for each contender.

use std::fs;

use crate::Result;
use crate::contender::Contender;
use crate::measure::build::workspace;
use crate::measure::count::Costs;
use crate::measure::load::ENDPOINTS;
use crate::measure::time::Times;
use crate::report::chart::{Bar, Chart, Panel};
use crate::report::results::{Part, Taken};

/// Draws what was measured.
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

/// The same order in each, by what the contender needs for all of them.
fn panels<F>(part: &Part<F>, lengths: impl Fn(&F, &str) -> Option<Vec<f64>>) -> Vec<Panel>
where
    F: serde::Serialize + serde::de::DeserializeOwned,
{
    let total = |taken: &Taken<F>| -> f64 {
        let all = ENDPOINTS.iter();
        let all = all.filter_map(|endpoint| lengths(&taken.figures, endpoint.name));
        all.flatten().sum()
    };
    let mut rows: Vec<(Contender, &Taken<F>)> = part.rows().collect();
    rows.sort_by(|(_, one), (_, other)| total(one).total_cmp(&total(other)));
    let panel = |endpoint: &str| Panel {
        title: endpoint.to_owned(),
        bars: rows
            .iter()
            .filter_map(|(contender, taken)| {
                Some(Bar {
                    contender: *contender,
                    lengths: lengths(&taken.figures, endpoint)?,
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
