//! Where signals come from while a run is live: the bridge, HTTP, a followed file, standard input, the feed itself.
//!
//! Not here: the formats of messages (`signal::feed`), what a message leads to (`live`, `trader`).
