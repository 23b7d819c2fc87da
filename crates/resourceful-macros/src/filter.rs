//! Expands `#[derive(Filter)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Ident, Path, Token};

use crate::column::{self, field_name};
use crate::serde_name::deserialized_name;

/// The operators in an attribute, each with its variant of `Operator`.
const OPERATORS: [(&str, &str, Kind); 10] = [
    ("eq", "Eq", Kind::Comparison),
    ("ne", "Ne", Kind::Comparison),
    ("gt", "Gt", Kind::Bound),
    ("gte", "Gte", Kind::Bound),
    ("lt", "Lt", Kind::Bound),
    ("lte", "Lte", Kind::Bound),
    ("contains", "Contains", Kind::Text),
    ("icontains", "IContains", Kind::Text),
    ("starts_with", "StartsWith", Kind::Text),
    ("is_null", "IsNull", Kind::Null),
];

/// The types that an operator needs.
#[derive(Clone, Copy)]
enum Kind {
    /// The type of the column, or a list of it.
    Comparison,
    /// The type of the column. A list has no bound.
    Bound,
    /// Text in text.
    Text,
    /// A `bool`, for any column.
    Null,
}

/// Arguments of `#[filter(..)]` on a field.
struct Args {
    columns: Vec<Ident>,
    operator: Ident,
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input: DeriveInput| implement(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let entity = column::entity(input, "filter")?;
    // A field with an error leaves the others to be checked, and the type to be a filter.
    let fields = column::named_fields(input, "Filter")?.iter();
    let conditions = fields.map(|field| {
        condition(input, &entity, field).unwrap_or_else(|error| error.to_compile_error())
    });
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::resourceful_db::Filter<#entity> for #name #arguments #bounds {
            fn apply(&self, conditions: &mut ::resourceful_db::Conditions<#entity>) {
                #(#conditions)*
            }
        }
    })
}

/// Checks a field, and adds its condition.
fn condition(input: &DeriveInput, entity: &Path, field: &Field) -> Result<TokenStream, Error> {
    let Args { columns, operator } = args(field)?;
    let (variant, kind) = operator_of(&operator)?;
    let name = field_name(field);
    let parameter = deserialized_name(&input.attrs, field)?;
    let checks = columns
        .iter()
        .map(|column| check(entity, kind, column, field));
    let paths = columns.iter().map(|column| column::column(entity, column));
    Ok(quote! {
        #(#checks)*
        conditions.add(
            #parameter,
            &[#(#paths),*],
            ::resourceful_db::Operator::#variant,
            &self.#name,
        );
    })
}

/// A statement that does not compile if the operator does not suit the column and the field.
fn check(entity: &Path, kind: Kind, column: &Ident, field: &Field) -> TokenStream {
    let (name, span) = (field_name(field), field.ty.span());
    let comparable = quote_spanned! {span=>
        let _ = |filter: &Self| ::resourceful_db::hidden::comparable(column, &filter.#name);
    };
    let (at, on_column, ty) = match kind {
        Kind::Comparison => return column::check(entity, column, span, &comparable),
        Kind::Bound => (span, comparable, quote_spanned!(span=> _)),
        Kind::Text => (
            column.span(),
            quote_spanned!(column.span()=> ::resourceful_db::hidden::text(column);),
            quote_spanned!(span=> ::std::string::String),
        ),
        Kind::Null => (
            column.span(),
            quote_spanned!(column.span()=> let _ = column;),
            quote_spanned!(span=> bool),
        ),
    };
    let on_column = column::check(entity, column, at, &on_column);
    quote_spanned! {span=>
        #on_column
        let _ = |filter: &Self| { let _: &::core::option::Option<#ty> = &filter.#name; };
    }
}

/// The columns and the operator of a field: by default, the column with its name is equal.
fn args(field: &Field) -> Result<Args, Error> {
    let attribute = field
        .attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("filter"));
    match attribute {
        Some(attribute) => attribute.parse_args(),
        None => Ok(Args {
            columns: vec![field_name(field).clone()],
            operator: Ident::new("eq", field.span()),
        }),
    }
}

fn operator_of(operator: &Ident) -> Result<(Ident, Kind), Error> {
    let known = OPERATORS.iter().find(|(name, ..)| operator == name);
    let Some((_, variant, kind)) = known else {
        let names: Vec<_> = OPERATORS.iter().map(|(name, ..)| *name).collect();
        let message = format!("the operator must be one of {}", names.join(", "));
        return Err(Error::new(operator.span(), message));
    };
    Ok((format_ident!("{variant}"), *kind))
}

impl Parse for Args {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let column: Ident = input.parse()?;
        let columns = if column == "any" && input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            let columns = Punctuated::<Ident, Token![,]>::parse_terminated(&content)?;
            if columns.is_empty() {
                return Err(Error::new(column.span(), "`any(..)` needs a column"));
            }
            columns.into_iter().collect()
        } else {
            vec![column]
        };
        if input.is_empty() {
            let message = "the operator is missing: write `#[filter(created_at, gte)]`";
            return Err(input.error(message));
        }
        input.parse::<Token![,]>()?;
        let operator = input.parse()?;
        Ok(Self { columns, operator })
    }
}
