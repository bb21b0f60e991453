// Where the queues lie in one line, the chosen one is brought into sight.
document.querySelector(".queue-link[aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
