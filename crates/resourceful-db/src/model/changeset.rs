//! [`Changeset`]: the columns that a body sets.

use resourceful::{Change, Never};
use sea_orm::{ActiveValue, EntityTrait, Value};

/// The columns that a body sets. `#[derive(Changeset)]` implements it for the bodies of `create`, `update` and
/// `partial_update`.
///
/// A field has the name of a column and its type, or is a [`Change`] of that type: a change that keeps leaves the
/// column as it is. A field that is no column does not compile.
///
/// | attribute | field |
/// |---|---|
/// | `#[changeset(entity = post::Entity)]` on the struct | the table |
/// | `#[changeset(column = author_id)]` | has another name than its column |
/// | `#[changeset(skip)]` | is no column; a hook uses it |
///
/// # Examples
/// See the guide, "Tables".
#[diagnostic::on_unimplemented(
    message = "`{Self}` sets no columns of `{E}`",
    note = "derive `Changeset` for it: `#[derive(Deserialize, JsonSchema, Validate, Changeset)] #[changeset(entity = post::Entity)]`"
)]
pub trait Changeset<E: EntityTrait>: Send {
    /// The columns, each with the name of its member in the body.
    const MEMBERS: &'static [(&'static str, &'static str)];

    /// Sets the columns.
    fn apply(self, model: &mut E::ActiveModel);
}

/// An action that the resource does not have.
impl<E: EntityTrait> Changeset<E> for Never {
    const MEMBERS: &'static [(&'static str, &'static str)] = &[];

    fn apply(self, _: &mut E::ActiveModel) {}
}

/// A field of a [`Changeset`] for a column of the type `V`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot set a column of type `{V}`",
    note = "the field has the type of the column, or `Change` of it; `#[changeset(skip)]` leaves it out"
)]
pub trait Assign<V> {
    /// Sets the column.
    fn assign(self, column: &mut ActiveValue<V>)
    where
        V: Into<Value>;
}

impl<V> Assign<V> for V {
    fn assign(self, column: &mut ActiveValue<V>)
    where
        V: Into<Value>,
    {
        *column = ActiveValue::Set(self);
    }
}

impl<V> Assign<V> for Change<V> {
    fn assign(self, column: &mut ActiveValue<V>)
    where
        V: Into<Value>,
    {
        if let Self::Set(value) = self {
            *column = ActiveValue::Set(value);
        }
    }
}
