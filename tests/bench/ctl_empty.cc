// What loading ctl's libraries costs, and nothing else.
int main() { return 0; }
