//! The measured servers.

use crate::Result;

/// A server of `src/bin`. Its feature and its binary have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Contender {
    pub(crate) name: &'static str,
    /// Crate whose version is reported.
    pub(crate) package: &'static str,
}

/// Baseline of the comparison.
pub(crate) const HYPER: Contender = Contender::of("hyper", "hyper");
pub(crate) const OURS: Contender = Contender::of("resourceful", "resourceful");

/// All contenders, in the order of tables.
pub(crate) const CONTENDERS: [Contender; 11] = [
    HYPER,
    Contender::of("hyper-tuned", "hyper"),
    OURS,
    Contender::of("axum", "axum"),
    Contender::of("actix-web", "actix-web"),
    Contender::of("ntex", "ntex"),
    Contender::of("poem-openapi", "poem-openapi"),
    Contender::of("rocket", "rocket"),
    Contender::of("salvo", "salvo"),
    Contender::of("warp", "warp"),
    Contender::of("xitca-web", "xitca-web"),
];

impl Contender {
    pub(crate) const fn of(name: &'static str, package: &'static str) -> Self {
        Self { name, package }
    }

    /// Contenders with these names; all if `names` is empty.
    pub(crate) fn named(names: &[&str]) -> Result<Vec<Self>> {
        if names.is_empty() {
            return Ok(CONTENDERS.to_vec());
        }
        let find = |name: &&str| {
            let contender = CONTENDERS.iter().find(|contender| contender.name == *name);
            contender
                .copied()
                .ok_or_else(|| format!("there is no contender {name:?}").into())
        };
        names.iter().map(find).collect()
    }
}
