//! What is counted, by name.
//!
//! Not here: the counters (`stats`).

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Count {
    /// Connections taken.
    Connections,
    /// Connections turned away because too many were open.
    TurnedAway,
    /// Connections cut off because no full line came in time.
    TooSlow,
    /// Full lines, requests' messages and list entries that were looked at; blank ones are not.
    Lines,
    /// Taken by the runner.
    Accepted,
    /// The same message was there already.
    Duplicates,
    /// Of those, known again here without asking the runner.
    KnownAgain,
    /// The same id with another content.
    Conflicts,
    /// Refused by the runner; reasons are in [`Snapshot::refused`].
    Refused,
    /// No place in the queue in time, or the runner said so.
    Busy,
    /// The run was ending.
    Closing,
    /// No verdict in time: whether it was taken is not known to the sender.
    Unanswered,
    /// Longer than a line or body may be.
    Oversize,
    /// Not UTF-8.
    InvalidUtf8,
    /// Not JSON.
    NotJson,
    /// Nested too deeply.
    TooDeep,
    /// Too many keys.
    TooManyKeys,
    /// JSON, but no message: a key lacks, a time is none, the content is no JSON.
    NotAMessage,
    /// An id or a name that is empty where it may not be, too long, or holds control characters.
    BadName,
    /// A type number that the feed does not have.
    UnknownType,
    /// The end came before a line's newline.
    HalfLines,
    /// A signature that is missing or not ours.
    BadMac,
    /// A request's time too far from ours.
    Expired,
    /// A signed request seen before.
    Replayed,
    /// A request that is none of ours: host, path, media type, size of its head.
    BadRequest,
    /// The followed file was replaced.
    Rotations,
    /// The followed file was cut or written anew in place.
    Truncations,
    /// A file or the feed could not be read.
    Failures,
    /// The feed no longer takes the token.
    TokenDead,
}

impl Count {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 29] = [
        Self::Connections,
        Self::TurnedAway,
        Self::TooSlow,
        Self::Lines,
        Self::Accepted,
        Self::Duplicates,
        Self::KnownAgain,
        Self::Conflicts,
        Self::Refused,
        Self::Busy,
        Self::Closing,
        Self::Unanswered,
        Self::Oversize,
        Self::InvalidUtf8,
        Self::NotJson,
        Self::TooDeep,
        Self::TooManyKeys,
        Self::NotAMessage,
        Self::BadName,
        Self::UnknownType,
        Self::HalfLines,
        Self::BadMac,
        Self::Expired,
        Self::Replayed,
        Self::BadRequest,
        Self::Rotations,
        Self::Truncations,
        Self::Failures,
        Self::TokenDead,
    ];

    /// Its name in a snapshot.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::TurnedAway => "turned_away",
            Self::TooSlow => "too_slow",
            Self::Lines => "lines",
            Self::Accepted => "accepted",
            Self::Duplicates => "duplicates",
            Self::KnownAgain => "known_again",
            Self::Conflicts => "conflicts",
            Self::Refused => "refused",
            Self::Busy => "busy",
            Self::Closing => "closing",
            Self::Unanswered => "unanswered",
            Self::Oversize => "oversize",
            Self::InvalidUtf8 => "invalid_utf8",
            Self::NotJson => "not_json",
            Self::TooDeep => "too_deep",
            Self::TooManyKeys => "too_many_keys",
            Self::NotAMessage => "not_a_message",
            Self::BadName => "bad_name",
            Self::UnknownType => "unknown_type",
            Self::HalfLines => "half_lines",
            Self::BadMac => "bad_mac",
            Self::Expired => "expired",
            Self::Replayed => "replayed",
            Self::BadRequest => "bad_request",
            Self::Rotations => "rotations",
            Self::Truncations => "truncations",
            Self::Failures => "failures",
            Self::TokenDead => "token_dead",
        }
    }
}
