//! [`Order`]: the orders of a list.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use rust_decimal::Decimal;
use sea_orm::EntityTrait;
use uuid::Uuid;

/// The orders that a list offers as the parameter `order`. `#[derive(Order)]` implements it for an enum.
///
/// The first variant is the default. A variant names its columns; the primary key always ends the order, so
/// that no two rows are equal. A column that may be null does not compile, nor does a float.
///
/// ```
/// # mod task {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
/// #     #[sea_orm(table_name = "task")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i64,
/// #         pub title: String,
/// #         pub priority: i32,
/// #         pub created_at: DateTimeUtc,
/// #     }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// use resourceful_db::Order;
///
/// /// `?order=newest`, `?order=urgent` or `?order=title`
/// #[derive(Clone, Copy, Debug, Order)]
/// #[order(entity = task::Entity)]
/// enum TaskOrder {
///     #[order(created_at desc)]
///     Newest,
///     #[order(priority desc, created_at)]
///     Urgent,
///     #[order(title)]
///     Title,
/// }
/// ```
pub trait Order: Copy + Send + Sync + 'static {
    /// The entity of the columns.
    type Entity: EntityTrait;

    /// The values of the parameter, the default first.
    const NAMES: &'static [&'static str];

    /// The order with a name.
    fn from_name(name: &str) -> Option<Self>;

    /// The name.
    fn name(self) -> &'static str;

    /// The columns.
    fn columns(self) -> Vec<(<Self::Entity as EntityTrait>::Column, Direction)>;
}

/// The direction of a column in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The smallest first.
    Ascending,
    /// The largest first.
    Descending,
}

/// The type of a column that can be in an order: not null, and each value is less than, equal to or greater than
/// each other one.
#[diagnostic::on_unimplemented(
    message = "a list cannot be ordered by a column of type `{Self}`",
    note = "a column that may be null, or a float, has no place in an order that pages can continue"
)]
pub trait OrderKey {}

macro_rules! order_keys {
    ($($key:ty),*) => { $(impl OrderKey for $key {})* };
}

order_keys!(i8, i16, i32, i64, u8, u16, u32, bool, String, Uuid, Decimal);
order_keys!(
    NaiveDate,
    NaiveTime,
    NaiveDateTime,
    DateTime<Utc>,
    DateTime<FixedOffset>
);
