"""Published results that anyone can make again: what is stored, how it is compared, and packages for other machines."""
