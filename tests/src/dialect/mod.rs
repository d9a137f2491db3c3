//! What providers put on the wire, for scripts: requests as clients write them, answers as upstreams give them.

pub mod anthropic;
pub mod openai;
