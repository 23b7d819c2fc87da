//! Expands `#[derive(Item)]`.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{DeriveInput, Error, Field, Ident, Path, Type};

use crate::column::{self, field_name};
use crate::hooks;

/// Error message for a nested field of another type.
const EXPECTED_NESTED: &str = "a nested item is an `Option` of the row that this one belongs to, or a `Vec` of \
                               the rows that belong to this one";

/// Error message for a relation of another field.
const EXPECTED_RELATION: &str = "`relation` is for `nested` and `from`: \
                                 `#[item(nested, relation = task::Relation::Assignee)]`";

/// The attributes of a field.
struct Attributes {
    source: Source,
    /// The relation that leads to the related table; `None` if there is one alone.
    relation: Option<Path>,
    is_id: bool,
}

/// The source of a field.
enum Source {
    /// A column of the table.
    Column(Ident),
    /// A column of a related table.
    Related(Path),
    /// Items of a related table.
    Nested,
}

pub(crate) fn expand(item: TokenStream) -> TokenStream {
    let expanded = syn::parse2(item).and_then(|input: DeriveInput| implement(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error())
}

fn implement(input: &DeriveInput) -> Result<TokenStream, Error> {
    let entity = column::entity(input, "item")?;
    let fields = column::named_fields(input, "Item")?;
    let mut id = fields.iter().find(|field| field_name(field) == "id");
    let mut columns = Vec::new();
    let mut values = Vec::new();
    let mut nested = Vec::new();
    let mut checks = Vec::new();
    let mut related = Vec::new();
    for field in fields {
        let (name, ty) = (field_name(field), &field.ty);
        let attributes = match attributes(field) {
            Ok(attributes) => attributes,
            Err(error) => {
                checks.push(error.to_compile_error());
                values.push(without_value(name));
                continue;
            }
        };
        if attributes.is_id {
            id = Some(field);
        }
        let relation = attributes.relation.map(|path| relation_def(&entity, &path));
        match attributes.source {
            Source::Column(column) => {
                let path = column::column(&entity, &column);
                let check = quote_spanned!(ty.span()=> let _: &#ty = column;);
                checks.push(column::check(&entity, &column, ty.span(), &check));
                columns.push(quote!(::resourceful_db::hidden::column(#path)));
                values.push(quote!(#name: row.read::<#ty>()?));
            }
            Source::Related(path) => {
                let hidden = quote_spanned!(path.span()=> ::resourceful_db::hidden);
                columns.push(if let Some(relation) = relation {
                    quote!(#hidden::column_by::<#entity, _>(#relation, #path))
                } else {
                    quote!(#hidden::related_column::<#entity, _>(#path))
                });
                related.push(quote!(registration.entity_of(#path);));
                values.push(quote!(#name: row.read::<#ty>()?));
                // The related row may be missing.
                checks
                    .push(quote_spanned!(ty.span()=> ::resourceful_db::hidden::optional::<#ty>();));
            }
            Source::Nested => match nested_item(name, ty, relation.as_ref()) {
                Ok(item) => {
                    nested.push(item);
                    values.push(quote!(#name: ::core::default::Default::default()));
                }
                Err(error) => {
                    checks.push(error.to_compile_error());
                    values.push(without_value(name));
                }
            },
        }
    }
    let (id_type, id_value) = id_of(&entity, id);
    let name = &input.ident;
    let (generics, arguments, bounds) = input.generics.split_for_impl();
    let related = (!related.is_empty()).then(|| {
        quote! {
            fn related(registration: &mut ::resourceful_db::hidden::Registration<'_>) {
                #(#related)*
            }
        }
    });
    Ok(quote! {
        #[automatically_derived]
        impl #generics ::resourceful_db::Item for #name #arguments #bounds {
            type Entity = #entity;
            type Id = #id_type;

            fn columns() -> ::std::vec::Vec<::resourceful_db::hidden::SimpleExpr> {
                #(#checks)*
                ::std::vec![#(#columns),*]
            }

            fn read(
                row: &mut ::resourceful_db::Row<'_>,
            ) -> ::core::result::Result<Self, ::resourceful_db::DbError> {
                ::core::result::Result::Ok(Self { #(#values),* })
            }

            fn id(&self) -> ::core::option::Option<Self::Id> {
                #id_value
            }

            fn nested() -> ::std::vec::Vec<::resourceful_db::Nested<Self>> {
                ::std::vec![#(#nested),*]
            }

            #related
        }
    })
}

fn attributes(field: &Field) -> Result<Attributes, Error> {
    let mut source = None;
    let mut relation: Option<Path> = None;
    let mut is_id = false;
    for attribute in &field.attrs {
        if !attribute.path().is_ident("item") {
            continue;
        }
        attribute.parse_nested_meta(|meta| {
            let one = if meta.path.is_ident("id") {
                is_id = true;
                return Ok(());
            } else if meta.path.is_ident("relation") {
                relation = Some(meta.value()?.parse()?);
                return Ok(());
            } else if meta.path.is_ident("column") {
                Source::Column(meta.value()?.parse()?)
            } else if meta.path.is_ident("from") {
                Source::Related(meta.value()?.parse()?)
            } else if meta.path.is_ident("nested") {
                Source::Nested
            } else {
                return Err(meta.error(
                    "expected `id`, `column = author_id`, `from = user::Column::Username`, `nested` or `relation = \
                     task::Relation::Assignee`",
                ));
            };
            match source.replace(one) {
                None => Ok(()),
                Some(_) => Err(meta.error("a field has one of `column`, `from` and `nested`")),
            }
        })?;
    }
    let source = source.unwrap_or_else(|| Source::Column(field_name(field).clone()));
    match relation {
        Some(relation) if matches!(source, Source::Column(_)) => {
            Err(Error::new_spanned(relation, EXPECTED_RELATION))
        }
        relation => Ok(Attributes {
            source,
            relation,
            is_id,
        }),
    }
}

/// The type of the id, and the expression of its value.
fn id_of(entity: &Path, id: Option<&Field>) -> (TokenStream, TokenStream) {
    match id {
        Some(field) => {
            let (name, ty) = (field_name(field), &field.ty);
            let value =
                quote!(::core::option::Option::Some(::core::clone::Clone::clone(&self.#name)));
            (quote!(#ty), value)
        }
        None => (
            quote! {
                <<#entity as ::resourceful_db::hidden::EntityTrait>::PrimaryKey
                    as ::resourceful_db::hidden::PrimaryKeyTrait>::ValueType
            },
            quote!(::core::option::Option::None),
        ),
    }
}

/// A field with an error: the others are checked, and the type is an item. The expression has each type.
fn without_value(name: &Ident) -> TokenStream {
    quote!(#name: ::core::option::Option::unwrap(::core::option::Option::None))
}

/// The definition of a relation. One of another entity is an error at its path.
fn relation_def(entity: &Path, relation: &Path) -> TokenStream {
    quote_spanned!(relation.span()=> ::resourceful_db::hidden::relation::<#entity>(#relation))
}

fn nested_item(
    name: &Ident,
    ty: &Type,
    relation: Option<&TokenStream>,
) -> Result<TokenStream, Error> {
    let (constructor, child) = match (
        hooks::generics(ty, "Option").as_slice(),
        hooks::generics(ty, "Vec").as_slice(),
    ) {
        ([child], _) => (format_ident!("one"), *child),
        (_, [child]) => (format_ident!("many"), *child),
        _ => return Err(Error::new_spanned(ty, EXPECTED_NESTED)),
    };
    let assign = quote_spanned!(child.span()=> |item: &mut Self, child| item.#name = child);
    Ok(if let Some(relation) = relation {
        let constructor = format_ident!("{constructor}_by");
        quote_spanned! {child.span()=>
            ::resourceful_db::Nested::#constructor::<#child>(|| #relation, #assign)
        }
    } else {
        quote_spanned! {child.span()=>
            ::resourceful_db::Nested::#constructor::<#child>(#assign)
        }
    })
}
