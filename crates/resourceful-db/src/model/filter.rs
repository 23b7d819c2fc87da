//! [`Filter`]: conditions from the query string.

use resourceful::{FieldError, Query};
use sea_orm::sea_query::{Condition, Expr, ExprTrait, Func, LikeExpr, Nullable, SimpleExpr, Value};
use sea_orm::{ColumnTrait, DbBackend, EntityTrait};

use crate::model::storable;

/// Values in one list at most.
const MAX_VALUES: usize = 100;

/// Conditions from the query string. `#[derive(Filter)]` implements it.
///
/// Each field is an `Option`, or a `Vec` of which one value must be equal (`ne`: none). An absent parameter sets no condition.
/// Values are parameters of the statement, never part of its text.
///
/// | attribute | condition |
/// |---|---|
/// | none | the column with the name of the field is equal |
/// | `#[filter(created_at, gte)]` | `eq`, `ne`, `gt`, `gte`, `lt`, `lte` of this column |
/// | `#[filter(title, contains)]` | has the text in it; `starts_with`: begins with it; upper and lower case differ |
/// | `#[filter(title, icontains)]` | the same, but upper and lower case of ASCII letters do not differ |
/// | `#[filter(any(title, content), icontains)]` | one of these columns |
/// | `#[filter(author_id, is_null)]` | an `Option<bool>`: whether the column is null |
///
/// # Examples
/// See the guide, "Tables".
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no filter of `{E}`",
    note = "derive `Filter` for it: `#[derive(Deserialize, JsonSchema, Validate, Filter)] #[filter(entity = post::Entity)]`"
)]
pub trait Filter<E: EntityTrait>: Query {
    /// Adds the conditions.
    fn apply(&self, conditions: &mut Conditions);
}

/// The comparison of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Greater.
    Gt,
    /// Greater or equal.
    Gte,
    /// Less.
    Lt,
    /// Less or equal.
    Lte,
    /// Has the text in it.
    Contains,
    /// Has the text in it, whatever the case of ASCII letters.
    IContains,
    /// Begins with the text.
    StartsWith,
    /// Is null, or is not.
    IsNull,
}

/// The conditions of a list.
#[derive(Debug)]
pub struct Conditions {
    backend: DbBackend,
    all: Condition,
    errors: Vec<FieldError>,
}

impl Conditions {
    pub(crate) fn new(backend: DbBackend) -> Self {
        Self {
            backend,
            all: Condition::all(),
            errors: Vec::new(),
        }
    }

    /// Adds a condition if the parameter `name` is there: one of `columns` compares so with its value.
    pub fn add<C: ColumnTrait>(
        &mut self,
        name: &'static str,
        columns: &[C],
        operator: Operator,
        parameter: &impl FilterValue,
    ) {
        let Some(values) = parameter.values() else {
            return;
        };
        if values.len() > MAX_VALUES {
            let detail = format!("has more than {MAX_VALUES} values");
            self.errors.push(FieldError::query(name, detail));
            return;
        }
        if let Some(detail) = values.iter().find_map(storable::refusal) {
            self.errors.push(FieldError::query(name, detail));
            return;
        }
        let mut any = Condition::any();
        for column in columns {
            any = any.add(compare(*column, operator, &values, self.backend));
        }
        self.all = std::mem::replace(&mut self.all, Condition::all()).add(any);
    }

    pub(crate) fn into_condition(self) -> Result<Condition, Vec<FieldError>> {
        if self.errors.is_empty() {
            Ok(self.all)
        } else {
            Err(self.errors)
        }
    }
}

fn compare<C: ColumnTrait>(
    column: C,
    operator: Operator,
    values: &[Value],
    backend: DbBackend,
) -> SimpleExpr {
    let expr = Expr::col(column.as_column_ref());
    let save = |value: &Value| column.save_as(Expr::val(value.clone()));
    let Some(first) = values.first() else {
        // A list without values.
        return Expr::val(false);
    };
    match operator {
        Operator::Eq if values.len() > 1 => expr.is_in(values.iter().map(save)),
        Operator::Eq => expr.eq(save(first)),
        Operator::Ne if values.len() > 1 => expr.is_not_in(values.iter().map(save)),
        Operator::Ne => expr.ne(save(first)),
        Operator::Gt => expr.gt(save(first)),
        Operator::Gte => expr.gte(save(first)),
        Operator::Lt => expr.lt(save(first)),
        Operator::Lte => expr.lte(save(first)),
        Operator::IsNull => match first {
            Value::Bool(Some(false)) => expr.is_not_null(),
            _ => expr.is_null(),
        },
        Operator::Contains | Operator::IContains | Operator::StartsWith => {
            like(expr, operator, first, backend)
        }
    }
}

/// `LIKE` differs: in SQLite it ignores the case of ASCII letters, in PostgreSQL it does not. `GLOB` is
/// SQLite's operator that does not.
fn like(column: SimpleExpr, operator: Operator, value: &Value, backend: DbBackend) -> SimpleExpr {
    let Value::String(Some(text)) = value else {
        return Expr::val(false);
    };
    let is_sqlite = backend == DbBackend::Sqlite;
    if is_sqlite && operator != Operator::IContains {
        let text = escape(text, &['*', '?', '['], |special| format!("[{special}]"));
        let pattern = match operator {
            Operator::StartsWith => format!("{text}*"),
            _ => format!("*{text}*"),
        };
        return column.binary(
            sea_orm::sea_query::extension::sqlite::SqliteBinOper::Glob,
            Expr::val(pattern),
        );
    }
    let escaped = escape(text, &['%', '_', '\\'], |special| format!("\\{special}"));
    let pattern = match operator {
        Operator::StartsWith => format!("{escaped}%"),
        _ => format!("%{escaped}%"),
    };
    if operator == Operator::IContains && !is_sqlite {
        let lower = Func::cust("lower").arg(Expr::cust_with_expr("$1 COLLATE \"C\"", column));
        let pattern = LikeExpr::new(pattern.to_ascii_lowercase()).escape('\\');
        return Expr::expr(lower).like(pattern);
    }
    column.like(LikeExpr::new(pattern).escape('\\'))
}

fn escape(text: &str, special: &[char], escaped: impl Fn(char) -> String) -> String {
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        if special.contains(&character) {
            result.push_str(&escaped(character));
        } else {
            result.push(character);
        }
    }
    result
}

/// The parameter of a filter: an `Option`, or a `Vec` of which one value must be equal.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no parameter of a filter",
    note = "a field of a filter is an `Option` of the column's type, or a `Vec` of it"
)]
pub trait FilterValue {
    /// The values; `None` if the parameter is absent.
    fn values(&self) -> Option<Vec<Value>>;
}

impl<T: Clone + Into<Value>> FilterValue for Option<T> {
    fn values(&self) -> Option<Vec<Value>> {
        self.clone().map(|value| vec![value.into()])
    }
}

impl<T: Clone + Into<Value>> FilterValue for Vec<T> {
    fn values(&self) -> Option<Vec<Value>> {
        (!self.is_empty()).then(|| self.iter().cloned().map(Into::into).collect())
    }
}

/// A parameter that can be compared with a column of the type `V`.
#[diagnostic::on_unimplemented(
    message = "a parameter of type `{Self}` cannot be compared with a column of type `{V}`",
    note = "the field has the type `Option` or `Vec` of the column's type"
)]
pub trait Comparable<V>: FilterValue {}

impl<T: Clone + Into<Value>> Comparable<T> for Option<T> {}
impl<T: Clone + Into<Value> + Nullable> Comparable<Option<T>> for Option<T> {}
impl<T: Clone + Into<Value>> Comparable<T> for Vec<T> {}
impl<T: Clone + Into<Value> + Nullable> Comparable<Option<T>> for Vec<T> {}
