// The tests of the window run without a display unless QT_QPA_PLATFORM says otherwise.
#include <gmock/gmock.h>

#include <QApplication>

int main(int argc, char** argv) {
    qputenv("LC_ALL", "C.UTF-8");
    if (!qEnvironmentVariableIsSet("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
    QApplication application(argc, argv);
    testing::InitGoogleMock(&argc, argv);
    return RUN_ALL_TESTS();
}
