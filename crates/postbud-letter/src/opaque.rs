//! `Debug` for types that hold what a letter says: their names, never their content.

/// Implements `Debug` so that it prints the type's name only. A value of such a type may end up in
/// a log line by accident; its CPR numbers and texts must not.
macro_rules! opaque_debug {
    ($($type:ident),+ $(,)?) => {
        $(impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        })+
    };
}

pub(crate) use opaque_debug;

/// The same for a type with one lifetime.
macro_rules! opaque_debug_lifetime {
    ($type:ident) => {
        impl std::fmt::Debug for $type<'_> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use opaque_debug_lifetime;
