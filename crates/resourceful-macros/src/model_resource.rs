//! Expands `#[resource]` on `impl ModelResource`: an `impl ModelResource`, and an `impl AsyncResource` with the
//! hooks that the block does not have.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Error, Ident, ImplItem, ItemImpl, Type, parse_quote};

use crate::hooks::{self, Hook};
use crate::resource::{self, Args};

/// Hooks of `ModelResource` that run in a transaction.
const HOOKS: &[Hook] = &[
    hook(
        "before_create",
        &["&self", REQUEST, "tx: &Tx", ACTIVE_MODEL],
    ),
    hook("after_create", &["&self", REQUEST, "tx: &Tx", MODEL]),
    hook(
        "before_update",
        &["&self", REQUEST, "tx: &Tx", "before: &Model", ACTIVE_MODEL],
    ),
    hook("after_update", &["&self", REQUEST, "tx: &Tx", MODEL]),
    hook("before_destroy", &["&self", REQUEST, "tx: &Tx", MODEL]),
    hook("after_destroy", &["&self", REQUEST, "tx: &Tx", MODEL]),
];

const REQUEST: &str = "request: &Request";
const MODEL: &str = "model: &Model";
const ACTIVE_MODEL: &str = "model: &mut ActiveModel";

/// The other functions of `ModelResource`.
const FUNCTIONS: [&str; 11] = [
    "visible",
    "writable",
    "within",
    "key",
    "order",
    "deleted_at",
    "version",
    "modified",
    "fill_create",
    "fill_update",
    "on_commit",
];

/// The associated types of `ModelResource`.
const TYPES: [&str; 2] = ["Entity", "Key"];

const fn hook(name: &'static str, parameters: &'static [&'static str]) -> Hook {
    Hook {
        name,
        parameters,
        output: "Result<()>",
    }
}

pub(crate) fn expand(args: &Args, mut block: ItemImpl) -> TokenStream {
    let mut errors = unknown_functions(&mut block);
    let mut model = take_model(&mut block);
    errors.extend(hooks::check(
        &mut model,
        HOOKS,
        &FUNCTIONS,
        "`ModelResource`",
    ));
    if !hooks::has_type(&model, "Entity") {
        errors.push(Error::new(
            block.self_ty.span(),
            "`type Entity` is missing: it is SeaORM's entity of the table",
        ));
        // Without an entity nothing else has a meaning.
        return errors.iter().map(Error::to_compile_error).collect();
    }
    if let Some(missing) = missing_within(&block, &model) {
        errors.push(missing);
    }
    if hooks::find(&model, "visible").is_none() {
        // `within` decides which parents exist, and a parent's items exist with it.
        if hooks::find(&model, "within").is_none() {
            let message = "`fn visible` is missing: it decides which rows exist for a caller; `Scope::all()` is \
                           every row";
            errors.push(Error::new(block.self_ty.span(), message));
        }
        model.items.push(parse_quote! {
            fn visible(
                &self,
                _: &::resourceful::Request<::resourceful::Caller<Self>>,
            ) -> ::resourceful_db::Scope<Self::Entity> {
                ::resourceful_db::Scope::all()
            }
        });
    }
    if let Some(validators) = hooks::find(&block, "validators") {
        let message =
            "a model resource has its validators from columns: write `fn version` or `fn modified`";
        errors.push(Error::new(validators.sig.ident.span(), message));
    } else if ["version", "modified"]
        .iter()
        .any(|name| hooks::find(&model, name).is_some())
    {
        block.items.push(parse_quote! {
            const CONDITIONS: ::resourceful::hidden::Conditions =
                ::resourceful::hidden::Conditions::InHook;
        });
    }
    if hooks::find(&model, "on_commit").is_some() && !args.idempotency.is_empty() {
        block.items.push(parse_quote! {
            async fn committed(&self, request: &::resourceful::Request<::resourceful::Caller<Self>>) {
                ::resourceful_db::hidden::committed(self, request).await;
            }
        });
    }
    complete_model(&mut model);
    errors.extend(left_out(&block, args));
    complete_resource(&mut block, &model, args, &mut errors);
    let resource = resource::expand_block(args, block);
    let errors = errors.iter().map(Error::to_compile_error);
    quote!(#(#errors)* #model #resource)
}

/// Removes the functions that neither trait has.
fn unknown_functions(block: &mut ItemImpl) -> Vec<Error> {
    let standard = resource::HOOKS.iter().chain(HOOKS).map(|hook| hook.name);
    let known: Vec<&str> = standard.chain(FUNCTIONS).collect();
    let mut errors = Vec::new();
    block.items.retain(|item| {
        let ImplItem::Fn(function) = item else {
            return true;
        };
        let ident = &function.sig.ident;
        let others = resource::FUNCTIONS.iter();
        let is_known = known.iter().chain(others).any(|known| ident == known)
            || function
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("action"));
        if !is_known {
            errors.push(hooks::unknown_hook(ident, &known, "`ModelResource`"));
        }
        is_known
    });
    errors
}

/// Moves the items of `ModelResource` out of the block, which becomes an `impl AsyncResource`.
fn take_model(block: &mut ItemImpl) -> ItemImpl {
    let mut model = block.clone();
    model.attrs.retain(|attribute| {
        !["doc", "errors"]
            .iter()
            .any(|name| attribute.path().is_ident(name))
    });
    let is_model = |item: &ImplItem| match item {
        ImplItem::Fn(function) => {
            let ident = &function.sig.ident;
            let mut hooks = HOOKS.iter();
            hooks.any(|hook| ident == hook.name) || FUNCTIONS.iter().any(|name| ident == name)
        }
        ImplItem::Type(ty) => TYPES.iter().any(|name| ty.ident == name),
        _ => false,
    };
    model.items.retain(is_model);
    block.items.retain(|item| !is_model(item));
    if let Some((_, path, _)) = &mut block.trait_ {
        *path = parse_quote!(::resourceful::AsyncResource);
    }
    model
}

/// Hooks in the block that `only(..)` leaves out.
fn left_out(block: &ItemImpl, args: &Args) -> Vec<Error> {
    let only = args.only.iter().flatten();
    let only: Vec<_> = only.collect();
    let hooks = resource::HOOKS
        .iter()
        .filter_map(|hook| hooks::find(block, hook.name));
    let hooks = hooks.map(|hook| &hook.sig.ident);
    let left_out = hooks.filter(|ident| args.only.is_some() && !only.contains(ident));
    let error = |ident: &Ident| {
        let message = format!(
            "`only(..)` leaves out `{ident}`, whose hook is here: add it there, or remove the hook"
        );
        Error::new(ident.span(), message)
    };
    left_out.map(error).collect()
}

fn missing_within(block: &ItemImpl, model: &ItemImpl) -> Option<Error> {
    let parent = find_type(block, "Parent")?;
    hooks::find(model, "within").is_none().then(|| {
        let message = "a nested model resource needs `fn within`, which names its parent and the column that \
                       refers to it";
        Error::new_spanned(parent, message)
    })
}

/// Adds `HOOKS` and `Key`.
fn complete_model(model: &mut ItemImpl) {
    let names = HOOKS.iter().map(|hook| hook.name).chain(["on_commit"]);
    let fields: Vec<TokenStream> = names
        .map(|name| {
            let (field, is_there) = (format_ident!("{name}"), hooks::find(model, name).is_some());
            quote! { #field: #is_there }
        })
        .collect();
    model.items.push(parse_quote! {
        const HOOKS: ::resourceful_db::Hooks = ::resourceful_db::Hooks { #(#fields),* };
    });
    if !hooks::has_type(model, "Key") {
        let entity = find_type(model, "Entity").expect("a missing entity is an error");
        model.items.push(parse_quote! {
            type Key = <<#entity as ::resourceful_db::hidden::EntityTrait>::PrimaryKey
                as ::resourceful_db::hidden::PrimaryKeyTrait>::ValueType;
        });
    }
}

/// A type that the generated hook of an action needs.
struct Needed {
    name: &'static str,
    meaning: &'static str,
    ty: Option<Type>,
}

/// The types that the generated hook of an action needs: its input, and the item.
fn needed(block: &ItemImpl, action: &str) -> Vec<Needed> {
    let written = |name| find_type(block, name).cloned();
    let item = || Needed {
        name: "Item",
        meaning: "an item, with `#[derive(Item)]`",
        ty: written("Item"),
    };
    let create = || {
        let parameter = || hooks::parameter(hooks::find(block, "create")?, 2).cloned();
        written("Create").or_else(parameter)
    };
    let input = match action {
        "list" => Needed {
            name: "Query",
            meaning: "the query string of `list`, such as `PageNumber`",
            ty: written("Query"),
        },
        "create" => Needed {
            name: "Create",
            meaning: "the body of `create`",
            ty: written("Create"),
        },
        "update" => Needed {
            name: "Update",
            meaning: "the body of `update`",
            ty: written("Update").or_else(create),
        },
        "partial_update" => Needed {
            name: "PartialUpdate",
            meaning: "the body of `partial_update`",
            ty: written("PartialUpdate"),
        },
        "retrieve" => return vec![item()],
        _ => return Vec::new(),
    };
    let mut item = item();
    if action == "list" {
        item.ty = written("ListItem").or(item.ty);
    }
    vec![input, item]
}

/// Adds the hooks that the block does not have, and what they need.
fn complete_resource(block: &mut ItemImpl, model: &ItemImpl, args: &Args, errors: &mut Vec<Error>) {
    if !hooks::has_type(block, "Error") {
        let error = error_type(block, model);
        block.items.push(parse_quote!(type Error = #error;));
    }
    let actions = resource::HOOKS.iter().map(|hook| hook.name);
    let generated = actions.filter(|action| {
        args.only
            .as_ref()
            .is_none_or(|only| only.iter().any(|name| name == action))
            && hooks::find(block, action).is_none()
    });
    let (complete, incomplete): (Vec<_>, Vec<_>) = generated
        .map(|action| (action, needed(block, action)))
        .partition(|(_, needed)| needed.iter().all(|needed| needed.ty.is_some()));
    missing_types(block, &complete, &incomplete, errors);
    let name = args.name.value().replace('_', " ");
    // `#[errors(..)]` on the block is for the hooks without their own.
    let has_errors = block
        .attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("errors"));
    let is_db_error = find_type(block, "Error").is_some_and(is_db_error) && !has_errors;
    block.items.push(registered(&complete));
    let mut hooks = Vec::new();
    for (action, needed) in &complete {
        let types: Vec<_> = needed
            .iter()
            .filter_map(|needed| needed.ty.as_ref())
            .collect();
        let mut hook = generate(action, &types, &name);
        if let (ImplItem::Fn(hook), true) = (&mut hook, is_db_error) {
            hook.attrs.push(problems(action, model));
        }
        hooks.push(hook);
    }
    let creates = complete.iter().any(|(action, _)| *action == "create");
    block.items.extend(hooks);
    let is_retrievable = hooks::find(block, "retrieve").is_some();
    if creates && is_retrievable && hooks::find(block, "location_id").is_none() {
        block.items.push(location_id(block));
    }
    if hooks::find(block, "ready").is_none() {
        block.items.push(parse_quote! {
            async fn ready(&self) -> ::core::result::Result<(), ::resourceful::Error> {
                let db: &::resourceful_db::Db = ::core::convert::AsRef::as_ref(self);
                db.ready().await
            }
        });
    }
}

/// The error type of the hooks in the block, else that of the database.
fn error_type(block: &ItemImpl, model: &ItemImpl) -> TokenStream {
    let standard = resource::HOOKS
        .iter()
        .map(|hook| hooks::find(block, hook.name));
    let of_model = HOOKS
        .iter()
        .map(|hook| hook.name)
        .chain(["fill_create", "fill_update"]);
    let of_model = of_model.map(|name| hooks::find(model, name));
    let written = standard
        .chain(of_model)
        .flatten()
        .find_map(hooks::error_type);
    written.unwrap_or_else(|| quote!(::resourceful_db::DbError))
}

/// Whether the error type is `resourceful_db::DbError`.
fn is_db_error(ty: &Type) -> bool {
    match ty {
        Type::Path(path) => {
            let last = path.path.segments.last();
            last.is_some_and(|segment| segment.ident == "DbError")
        }
        _ => false,
    }
}

/// The problems of a generated hook, for the document. A hook in the block can return any other.
fn problems(action: &str, model: &ItemImpl) -> Attribute {
    let has = |names: &[&str]| names.iter().any(|name| hooks::find(model, name).is_some());
    let is_open = match action {
        "create" => has(&["fill_create", "before_create", "after_create"]),
        "update" | "partial_update" => has(&["fill_update", "before_update", "after_update"]),
        "destroy" => has(&["before_destroy", "after_destroy"]),
        _ => return parse_quote!(#[errors(Unavailable)]),
    };
    if is_open {
        parse_quote!(#[errors(Conflict, Unavailable, Other)])
    } else {
        parse_quote!(#[errors(Conflict, Unavailable)])
    }
}

/// Reports each missing type once, with the actions that need none of them.
fn missing_types(
    block: &ItemImpl,
    complete: &[(&str, Vec<Needed>)],
    incomplete: &[(&str, Vec<Needed>)],
    errors: &mut Vec<Error>,
) {
    let by_hand = resource::HOOKS.iter().map(|hook| hook.name);
    let by_hand = by_hand.filter(|action| hooks::find(block, action).is_some());
    let rest: Vec<_> = complete
        .iter()
        .map(|(action, _)| *action)
        .chain(by_hand)
        .collect();
    let missing = incomplete.iter().flat_map(|(_, needed)| needed);
    let mut missing: Vec<_> = missing.filter(|needed| needed.ty.is_none()).collect();
    // `type Create` is that of `update`, too.
    if missing.iter().any(|needed| needed.name == "Create") {
        missing.retain(|needed| needed.name != "Update");
    }
    let mut reported = Vec::new();
    for Needed { name, meaning, .. } in missing {
        if reported.contains(name) {
            continue;
        }
        reported.push(*name);
        let otherwise = if rest.is_empty() || *name == "Item" {
            String::new()
        } else {
            format!(
                ", or leave the action out with `#[resource(only({}))]`",
                rest.join(", ")
            )
        };
        let message = format!("`type {name}` is missing: name {meaning}{otherwise}");
        errors.push(Error::new(block.self_ty.span(), message));
    }
}

/// The hook of an action. `types` are its input, and the item.
fn generate(action: &str, types: &[&Type], name: &str) -> ImplItem {
    let hook = format_ident!("{action}");
    let request = quote!(request: &::resourceful::Request<::resourceful::Caller<Self>>);
    let id = quote!(id: ::resourceful_db::ItemId<Self>);
    let doc = match action {
        "list" => format!("Lists the {name}."),
        "create" => format!("Creates an item of the {name}."),
        "retrieve" => format!("Retrieves an item of the {name}."),
        "update" => format!("Replaces an item of the {name}."),
        "partial_update" => format!("Changes some fields of an item of the {name}."),
        _ => format!("Deletes an item of the {name}."),
    };
    // Errors of the types are at the block's own: a call that does not fit is reported at its argument.
    let span = types.first().map_or_else(Span::call_site, Spanned::span);
    let (parameters, arguments, output) = match (action, types) {
        ("list", [query, item]) => (
            quote_spanned!(span=> query: #query),
            quote_spanned!(span=> query),
            quote_spanned!(item.span()=> ::resourceful::Page<#item>),
        ),
        ("create", [new, item]) => (
            quote_spanned!(span=> new: #new),
            quote_spanned!(span=> new),
            quote!(#item),
        ),
        (_, [input, item]) => {
            let name = quote_spanned!(span=> item);
            (quote!(#id, #name: #input), quote!(id, #name), quote!(#item))
        }
        (_, [item]) => (id, quote!(id), quote!(#item)),
        _ => (id, quote!(id), quote!(())),
    };
    let function = format_ident!("{action}", span = span);
    let own = quote!(self, request);
    let call = quote_spanned! {span=>
        ::resourceful_db::actions::#function(#own, #arguments).await
    };
    parse_quote! {
        #[doc = #doc]
        async fn #hook(
            &self,
            #request,
            #parameters,
        ) -> ::core::result::Result<#output, Self::Error> {
            #call
        }
    }
}

/// `registered`, which makes the entities of the resource and of its items known.
fn registered(complete: &[(&str, Vec<Needed>)]) -> ImplItem {
    let needed = complete.iter().flat_map(|(_, needed)| needed);
    let mut items: Vec<&Type> = needed
        .filter(|needed| needed.name == "Item")
        .filter_map(|needed| needed.ty.as_ref())
        .collect();
    items.dedup();
    let items = items.iter().map(|item| {
        let item = quote_spanned!(item.span()=> item::<#item>);
        quote!(registration.#item();)
    });
    parse_quote! {
        fn registered(&self) -> ::std::vec::Vec<::std::string::String> {
            let db: &::resourceful_db::Db = ::core::convert::AsRef::as_ref(self);
            ::resourceful_db::hidden::register(db, |registration| {
                registration.resource::<Self>();
                #(#items)*
            })
        }
    }
}

/// `location_id`, whose errors are at `type Item`.
fn location_id(block: &ItemImpl) -> ImplItem {
    let span = find_type(block, "Item").map_or_else(Span::call_site, Spanned::span);
    let id = quote_spanned!(span=> ::resourceful_db::Item::id);
    parse_quote! {
        fn location_id(&self, item: &Self::CreateOutput) -> ::core::option::Option<Self::Id> {
            #id(item)
        }
    }
}

fn find_type<'b>(block: &'b ItemImpl, name: &str) -> Option<&'b Type> {
    block.items.iter().find_map(|item| match item {
        ImplItem::Type(it) if it.ident == name => Some(&it.ty),
        _ => None,
    })
}
