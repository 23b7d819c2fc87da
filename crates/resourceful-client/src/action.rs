//! Targets and inputs of calls to extra actions.

use std::fmt::Display;

use resourceful::{BodyInput, NoInput, OnCollection, OnItem, QueryInput};
use serde::Serialize;

use self::sealed::Sealed;
use crate::call::Call;

/// Target of an extra action: [`OnItem`] or [`OnCollection`].
///
/// # Examples
/// See [`ResourceClient::call`](crate::ResourceClient::call).
pub trait ClientTarget: Sealed {
    /// Path template of the action below the collection.
    #[doc(hidden)]
    fn template(path: &str) -> String;

    #[doc(hidden)]
    fn set_params(&self, call: Call) -> Call;
}

/// Input of an extra action: [`NoInput`], [`QueryInput`] or [`BodyInput`].
///
/// # Examples
/// See [`ResourceClient::call`](crate::ResourceClient::call).
pub trait ClientInput: Sealed {
    #[doc(hidden)]
    fn add_to(&self, call: Call) -> Call;
}

mod sealed {
    pub trait Sealed {}
}

impl<I> Sealed for OnItem<I> {}

impl<I: Display> ClientTarget for OnItem<I> {
    fn template(path: &str) -> String {
        format!("{{id}}/{path}")
    }

    fn set_params(&self, call: Call) -> Call {
        call.param("id", &self.0)
    }
}

impl Sealed for OnCollection {}

impl ClientTarget for OnCollection {
    fn template(path: &str) -> String {
        path.to_owned()
    }

    fn set_params(&self, call: Call) -> Call {
        call
    }
}

impl Sealed for NoInput {}

impl ClientInput for NoInput {
    fn add_to(&self, call: Call) -> Call {
        call
    }
}

impl<Q> Sealed for QueryInput<Q> {}

impl<Q: Serialize> ClientInput for QueryInput<Q> {
    fn add_to(&self, call: Call) -> Call {
        call.query_struct(&self.0)
    }
}

impl<B> Sealed for BodyInput<B> {}

impl<B: Serialize> ClientInput for BodyInput<B> {
    fn add_to(&self, call: Call) -> Call {
        call.json(&self.0)
    }
}
