"""Between a spider and the network: what may be asked and how fast, what is kept of the answers, and how they are read again."""
