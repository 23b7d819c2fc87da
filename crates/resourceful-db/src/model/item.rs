//! [`Item`]: an item of an API, read from a row.

use resourceful::Id;
use sea_orm::EntityTrait;
use sea_orm::sea_query::SimpleExpr;

use crate::error::DbError;
use crate::model::nested::Nested;
use crate::model::registration::Registration;
use crate::row::Row;

/// An item of an API, read from columns of a table. `#[derive(Item)]` implements it.
///
/// A field has the name of a column and its type; another field does not compile. Only these columns are
/// selected.
///
/// | attribute | field |
/// |---|---|
/// | `#[item(entity = post::Entity)]` on the struct | the table |
/// | `#[item(id)]` | the id of the item; without the attribute it is the field `id` |
/// | `#[item(column = author_id)]` | has another name than its column |
/// | `#[item(from = user::Column::Username)]` | a column of a related row; `Option`, since the row may be missing |
/// | `#[item(nested)]` | a related `Item`: `Option<Author>` of the row that this one belongs to, or `Vec<Comment>` of the rows that belong to this one; one statement for all items of a page |
/// | `#[item(nested, relation = task::Relation::Assignee)]` | the same by this relation, where several lead to one table; also with `from` |
///
/// # Examples
/// See the guide, "Tables".
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no item of a table",
    note = "derive `Item` for it: `#[derive(Serialize, JsonSchema, Item)] #[item(entity = post::Entity)]`"
)]
pub trait Item: Sized + Send + 'static {
    /// The entity of the table.
    type Entity: EntityTrait;

    /// The type of the id, which is also that of the resource.
    type Id: Id;

    /// The columns, in the order in which [`read`](Self::read) reads them.
    fn columns() -> Vec<SimpleExpr>;

    /// Reads the item from the columns.
    ///
    /// # Errors
    /// If a value has another type.
    fn read(row: &mut Row<'_>) -> Result<Self, DbError>;

    /// The id of the item; `None` if the item does not show it.
    fn id(&self) -> Option<Self::Id>;

    /// The related items, which further statements load.
    #[must_use]
    fn nested() -> Vec<Nested<Self>> {
        Vec::new()
    }

    /// Adds the entities of the columns of related rows.
    #[doc(hidden)]
    fn related(registration: &mut Registration<'_>) {
        let _ = registration;
    }
}
