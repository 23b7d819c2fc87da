//! How the extra actions of a resource are asked for.

use std::fmt::Display;

use resourceful::{BodyInput, NoInput, OnCollection, OnItem, QueryInput};
use serde::Serialize;

use self::sealed::Sealed;
use crate::call::Call;

/// What an action can be addressed to: [`OnItem`] or [`OnCollection`].
///
/// # Examples
/// See [`ResourceClient::call`](crate::ResourceClient::call).
pub trait ClientTarget: Sealed {
    /// The action's path below the collection, as a template.
    #[doc(hidden)]
    fn template(path: &str) -> String;

    #[doc(hidden)]
    fn address(&self, call: Call) -> Call;
}

/// What an action can be sent: [`NoInput`], [`QueryInput`] or [`BodyInput`].
///
/// # Examples
/// See [`ResourceClient::call`](crate::ResourceClient::call).
pub trait ClientInput: Sealed {
    #[doc(hidden)]
    fn put_into(&self, call: Call) -> Call;
}

mod sealed {
    pub trait Sealed {}
}

impl<I> Sealed for OnItem<I> {}

impl<I: Display> ClientTarget for OnItem<I> {
    fn template(path: &str) -> String {
        format!("{{id}}/{path}")
    }

    fn address(&self, call: Call) -> Call {
        call.param("id", &self.0)
    }
}

impl Sealed for OnCollection {}

impl ClientTarget for OnCollection {
    fn template(path: &str) -> String {
        path.to_owned()
    }

    fn address(&self, call: Call) -> Call {
        call
    }
}

impl Sealed for NoInput {}

impl ClientInput for NoInput {
    fn put_into(&self, call: Call) -> Call {
        call
    }
}

impl<Q> Sealed for QueryInput<Q> {}

impl<Q: Serialize> ClientInput for QueryInput<Q> {
    fn put_into(&self, call: Call) -> Call {
        call.query_of(&self.0)
    }
}

impl<B> Sealed for BodyInput<B> {}

impl<B: Serialize> ClientInput for BodyInput<B> {
    fn put_into(&self, call: Call) -> Call {
        call.json(&self.0)
    }
}
