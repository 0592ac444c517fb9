/* Messages and progress of the library on stderr. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

void take_messages(void);

#endif
