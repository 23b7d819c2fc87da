//! Targets and inputs of calls to extra actions.

use resourceful::{BodyInput, NoInput, OnCollection, OnItem, QueryInput, Subject};
use serde::Serialize;

use self::sealed::Sealed;
use crate::call::Call;

/// Target of an extra action: [`OnItem`] or [`OnCollection`].
///
/// # Examples
/// See [`ResourceClient::call`](crate::ResourceClient::call).
pub trait ClientTarget<R, C>: Sealed {
    /// The target as clients name it: [`OnItem`] with the id of the item.
    #[doc(hidden)]
    type Sent: Send;

    /// Path template of the action below the collection.
    #[doc(hidden)]
    fn template(path: &str) -> String;

    #[doc(hidden)]
    fn set_params(target: &Self::Sent, call: Call) -> Call;
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

impl<S> Sealed for OnItem<S> {}

impl<R, C, S: Subject<R, C>> ClientTarget<R, C> for OnItem<S> {
    type Sent = OnItem<S::Id>;

    fn template(path: &str) -> String {
        format!("{{id}}/{path}")
    }

    fn set_params(OnItem(id): &OnItem<S::Id>, call: Call) -> Call {
        call.param("id", id)
    }
}

impl Sealed for OnCollection {}

impl<R, C> ClientTarget<R, C> for OnCollection {
    type Sent = Self;

    fn template(path: &str) -> String {
        path.to_owned()
    }

    fn set_params(_: &Self, call: Call) -> Call {
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
